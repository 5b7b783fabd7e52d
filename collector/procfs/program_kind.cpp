#include "collector/procfs/program_kind.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

constexpr int kMaxScriptLevels = 5;            // as the kernel's
constexpr std::size_t kScriptLineBytes = 256;  // BINPRM_BUF_SIZE

void inspect_privileges(ProgramKind& kind) {
  struct stat status {};
  if (::stat(kind.program.c_str(), &status) != 0) return;
  kind.is_setuid = (status.st_mode & S_ISUID) != 0;
  // Without group execution the bit means mandatory locking.
  kind.is_setgid = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  kind.has_capabilities = ::getxattr(kind.program.c_str(), "security.capability", nullptr, 0) > 0;
  kind.gains_privileges = (kind.is_setuid && status.st_uid != ::getuid()) ||
                          (kind.is_setgid && status.st_gid != ::getgid()) ||
                          (kind.has_capabilities && ::getuid() != 0);
}

}  // namespace

std::string_view parse_script_interpreter(std::string_view first_bytes) {
  if (!first_bytes.starts_with("#!")) return {};
  std::string_view line = first_bytes.substr(2, kScriptLineBytes - 2);
  line = line.substr(0, line.find('\n'));
  line = line.substr(0, line.find('\0'));
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  line.remove_prefix(first);
  return line.substr(0, line.find_first_of(" \t"));
}

Result<ProgramKind> inspect_program(const std::string& path) {
  ProgramKind kind;
  kind.program = path;
  kind.may_execute = ::access(path.c_str(), X_OK) == 0;
  for (int level = 0; level <= kMaxScriptLevels; ++level) {
    Result<std::optional<ElfKind>> elf = read_elf_kind(kind.program);
    if (!elf) return elf.error();
    if (elf->has_value()) {
      kind.format = ProgramFormat::elf;
      kind.elf = std::move(**elf);
      inspect_privileges(kind);
      return kind;
    }
    const std::string text = read_text(kind.program, kScriptLineBytes).value_or("");
    const std::string interpreter(parse_script_interpreter(text));
    if (interpreter.empty()) {
      inspect_privileges(kind);
      return kind;
    }
    kind.interpreters.push_back(interpreter);
    kind.program = interpreter;
  }
  return Error{ErrorKind::usage,
               "read the program",
               path,
               "its scripts name each other as interpreters",
               {}};
}

}  // namespace memwatch::procfs
