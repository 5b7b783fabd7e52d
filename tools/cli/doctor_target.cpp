#include "tools/cli/doctor_target.h"

#include <elf.h>
#include <fmt/format.h>

#include "tools/cli/find_program.h"

namespace memwatch::cli {
namespace {

using render::Check;
using render::Verdict;

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_386:
      return "32-bit x86";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "s390";
    default:
      return fmt::format("machine {}", machine);
  }
}

void check_privileges(const procfs::ProgramKind& kind, std::vector<Check>& checks) {
  if (!kind.is_setuid && !kind.is_setgid && !kind.has_capabilities) return;
  const char* const what = kind.is_setuid   ? "setuid"
                           : kind.is_setgid ? "setgid"
                                            : "file capabilities";
  if (kind.gains_privileges) {
    checks.push_back(
        {Verdict::bad, "privileges",
         fmt::format("it has {}: the loader ignores preloaded libraries for it", what),
         "trace a copy without that bit (cp drops it), or run as the user it becomes"});
  } else {
    checks.push_back({Verdict::good, "privileges",
                      fmt::format("it has {}, which gains nothing for this user", what), ""});
  }
}

void check_linking(const procfs::ElfKind& elf, std::vector<Check>& checks) {
  if (elf.is_static) {
    checks.push_back({Verdict::bad, "linking",
                      elf.is_go
                          ? "a static Go program: its runtime has its own heap and no loader"
                          : "statically linked: no loader is there to load the preload library",
                      elf.is_go ? "use Go's own heap profile (pprof)"
                                : "link it dynamically (leave out -static)"});
  } else if (elf.is_go) {
    checks.push_back({Verdict::limit, "linking",
                      "a Go program: only what its C code allocates is seen, Go's heap is not",
                      "use Go's own heap profile (pprof) for the rest"});
  } else {
    checks.push_back({Verdict::good, "linking", "dynamic", ""});
  }
}

void check_allocator(const procfs::OwnAllocator& allocator, std::vector<Check>& checks) {
  const std::string_view name = allocator.description();
  if (name.empty()) {
    checks.push_back({Verdict::good, "allocator", "brings none of its own", ""});
    return;
  }
  const bool exported = allocator.exports("malloc");
  const bool all_calls = exported || allocator.defines("malloc");
  checks.push_back(
      {Verdict::limit, "allocator",
       all_calls ? fmt::format("it brings {}: calls that end there are not seen", name)
                 : fmt::format("it contains {}: calls made to that directly are not seen", name),
       "build it without that allocator, or with the allocator as a shared library"});
}

void check_debug_info(const procfs::ElfKind& elf, std::vector<Check>& checks) {
  if (elf.has_debug_info) {
    checks.push_back({Verdict::good, "debug info", "present: stacks show files and lines", ""});
  } else if (elf.has_symbol_table) {
    checks.push_back({Verdict::limit, "debug info",
                      "none: stacks show functions, but neither lines nor inlined calls",
                      "compile with -g"});
  } else {
    checks.push_back({Verdict::limit, "debug info",
                      "stripped: stacks show exported functions and offsets only, unless its debug "
                      "file is installed",
                      "compile with -g and do not strip, or install its -dbgsym package"});
  }
}

}  // namespace

std::vector<Check> judge_program(const procfs::ProgramKind& kind,
                                 const procfs::OwnAllocator& allocator) {
  std::vector<Check> checks;
  if (!kind.may_execute) {
    checks.push_back(
        {Verdict::bad, "executable", "this user may not execute it", "chmod +x, or a right path"});
  }
  if (!kind.interpreters.empty()) {
    checks.push_back({Verdict::good, "script",
                      fmt::format("run by {}, which is what gets traced", kind.program), ""});
  }
  if (kind.format != procfs::ProgramFormat::elf) {
    checks.push_back({Verdict::bad, "format", "neither a program nor a script with a #! line",
                      "name the interpreter: memwatch run -- sh FILE"});
    return checks;
  }
  if (!kind.elf.is_executable) {
    checks.push_back({Verdict::bad, "format", "an ELF file, but not a program", ""});
    return checks;
  }
  if (!kind.elf.is_native) {
    checks.push_back(
        {Verdict::bad, "architecture",
         fmt::format("built for {}, the preload library is not", machine_name(kind.elf.machine)),
         "use a memwatch built for that architecture"});
    return checks;
  }
  checks.push_back({Verdict::good, "architecture", machine_name(kind.elf.machine), ""});
  check_privileges(kind, checks);
  check_linking(kind.elf, checks);
  check_allocator(allocator, checks);
  check_debug_info(kind.elf, checks);
  return checks;
}

std::vector<Check> check_target(const std::string& name) {
  const Result<std::string> path = find_program(name);
  if (!path) {
    return {{Verdict::bad, "program", path.error().subject + ": " + path.error().why,
             path.error().remedy}};
  }
  const Result<procfs::ProgramKind> kind = procfs::inspect_program(*path);
  if (!kind) {
    return {{Verdict::bad, "program", kind.error().subject + ": " + kind.error().why,
             kind.error().remedy}};
  }
  std::vector<Check> checks = {{Verdict::good, "program", kind->program, ""}};
  const Result<procfs::OwnAllocator> allocator = procfs::find_own_allocator(kind->program);
  const std::vector<Check> more =
      judge_program(*kind, allocator ? *allocator : procfs::OwnAllocator{});
  checks.insert(checks.end(), more.begin(), more.end());
  return checks;
}

}  // namespace memwatch::cli
