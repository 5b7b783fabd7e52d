#include "collector/gate/environment.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "collector/analysis/stack_text.h"

namespace memwatch::gate {
namespace {

std::string libc_version() {
  std::string version(64, '\0');
  const std::size_t length = ::confstr(_CS_GNU_LIBC_VERSION, version.data(), version.size());
  if (length == 0 || length > version.size()) return {};
  version.resize(length - 1);
  return version;  // "glibc 2.36"
}

std::uint64_t usable_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<std::uint64_t>(CPU_COUNT(&set));
  }
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::uint64_t>(online) : 0;
}

}  // namespace

Environment current_environment(const std::string& allocator) {
  Environment environment;
  environment.allocator = allocator;
  environment.cpus = usable_cpus();
  utsname system{};
  if (::uname(&system) == 0) {
    environment.kernel = system.release;
    environment.machine = system.machine;
  }
  environment.libc = libc_version();
  environment.memwatch = MEMWATCH_VERSION;
  return environment;
}

std::string allocator_of(const model::Session& session) {
  constexpr auto kAllocators =
      std::to_array<std::pair<std::string_view, const char*>>({{"libjemalloc.so", "jemalloc"},
                                                               {"libtcmalloc", "tcmalloc"},
                                                               {"libmimalloc", "mimalloc"},
                                                               {"libsnmalloc", "snmalloc"},
                                                               {"libhoard", "hoard"}});
  for (const model::Module& module : session.modules) {
    for (const auto& [library, name] : kAllocators) {
      if (analysis::base_name(module.path).starts_with(library)) return name;
    }
  }
  return "libc";
}

std::vector<std::string> differences(const Environment& then, const Environment& now) {
  std::vector<std::string> found;
  const auto compare = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) {
      found.push_back(fmt::format("{} {} then, {} now", what, a.empty() ? "unknown" : a,
                                  b.empty() ? "unknown" : b));
    }
  };
  compare("allocator", then.allocator, now.allocator);
  compare("CPUs", std::to_string(then.cpus), std::to_string(now.cpus));
  compare("kernel", then.kernel, now.kernel);
  compare("libc", then.libc, now.libc);
  compare("machine", then.machine, now.machine);
  compare("memwatch", then.memwatch, now.memwatch);
  return found;
}

}  // namespace memwatch::gate
