#include "tools/cli/doctor_machine.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "collector/procfs/cgroup.h"
#include "collector/procfs/cgroup_location.h"
#include "tools/cli/installation.h"
#include "tools/render/human.h"

namespace memwatch::cli {
namespace {

using render::Check;
using render::human_bytes;
using render::Verdict;

constexpr std::uint64_t kMiB = 1 << 20;
// A traced process needs a few MiB of rings and stacks to begin with; a big program some hundred.
constexpr std::uint64_t kLeastSharedMemory = 8 * kMiB;
constexpr std::uint64_t kAmpleSharedMemory = 256 * kMiB;
constexpr std::uint64_t kLittleLeftInCgroup = 128 * kMiB;

Check check_system() {
  utsname name{};
  if (::uname(&name) != 0) return {Verdict::limit, "system", "unknown: uname fails", ""};
  return {Verdict::good, "system",
          fmt::format("{} {} on {}", name.sysname, name.release, name.machine), ""};
}

Check check_preload_library() {
  const Result<std::string> library = find_preload_library();
  if (library) return {Verdict::good, "preload library", *library, ""};
  return {Verdict::bad, "preload library",
          fmt::format("{}: {}", library.error().subject, library.error().why),
          library.error().remedy};
}

Check check_shared_memory() {
  struct statvfs status {};
  if (::statvfs("/dev/shm", &status) != 0) return judge_shared_memory(0, 0, false);
  const std::uint64_t block = status.f_frsize;
  return judge_shared_memory(status.f_bavail * block, status.f_blocks * block,
                             ::access("/dev/shm", W_OK | X_OK) == 0);
}

Check check_runtime_folder() {
  const char* const folder = std::getenv("XDG_RUNTIME_DIR");
  if (folder == nullptr || *folder == '\0') {
    return {Verdict::good, "XDG_RUNTIME_DIR", "not set: a private folder of this user is used", ""};
  }
  struct stat status {};
  if (::stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
    return {Verdict::limit, "XDG_RUNTIME_DIR", fmt::format("{} is no folder", folder),
            "unset it, or log in anew so that the system makes it"};
  }
  if (status.st_uid != ::geteuid() || ::access(folder, W_OK | X_OK) != 0) {
    return {Verdict::limit, "XDG_RUNTIME_DIR",
            fmt::format("{} belongs to another user or cannot be written to", folder),
            "unset it, as after su or sudo"};
  }
  return {Verdict::good, "XDG_RUNTIME_DIR", folder, ""};
}

Check check_ptrace() {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = -1;
  if (!(file >> scope)) scope = -1;
  return judge_ptrace_scope(scope);
}

Check check_cgroup() {
  const auto location = procfs::locate_cgroup(::getpid());
  if (!location) return {Verdict::good, "cgroup", "no memory limit that could be seen", ""};
  const auto memory = procfs::read_cgroup_memory(*location);
  return memory ? judge_cgroup(memory->usage, memory->limit) : judge_cgroup(0, 0);
}

Check check_debug_files() {
  if (::access("/usr/lib/debug/.build-id", R_OK) == 0) {
    return {Verdict::good, "debug files", "/usr/lib/debug holds debug files of libraries", ""};
  }
  return {Verdict::limit, "debug files",
          "none under /usr/lib/debug: frames of system libraries have names at best, no lines",
          "install the -dbg or -dbgsym packages of the libraries that matter (libc6-dbg first)"};
}

Check check_ld_preload() {
  const char* const preload = std::getenv("LD_PRELOAD");
  if (preload == nullptr || *preload == '\0') return {Verdict::good, "LD_PRELOAD", "not set", ""};
  return {Verdict::limit, "LD_PRELOAD",
          fmt::format("is set to {}: an allocator among them serves the calls, traced", preload),
          ""};
}

}  // namespace

Check judge_shared_memory(std::uint64_t free_bytes, std::uint64_t all_bytes, bool writable) {
  const char* const in_container = "in a container: docker run --shm-size=1g";
  if (all_bytes == 0) {
    return {Verdict::bad, "/dev/shm", "it is not mounted, so there is no room for the rings",
            "mount -t tmpfs tmpfs /dev/shm"};
  }
  const std::string room =
      fmt::format("{} of {} free", human_bytes(free_bytes), human_bytes(all_bytes));
  if (!writable) {
    return {Verdict::bad, "/dev/shm", room + ", but this user may not write there",
            "chmod 1777 /dev/shm as root"};
  }
  if (free_bytes < kLeastSharedMemory) {
    return {Verdict::bad, "/dev/shm", room + ": too little for even one process",
            fmt::format("remove what is not needed there; {}", in_container)};
  }
  if (free_bytes < kAmpleSharedMemory) {
    return {Verdict::limit, "/dev/shm",
            room + ": enough for small programs; large ones or trees may lose events",
            in_container};
  }
  return {Verdict::good, "/dev/shm", room, ""};
}

Check judge_ptrace_scope(int scope) {
  if (scope < 2) {
    return {Verdict::good, "ptrace",
            scope < 0 ? "not restricted by Yama" : fmt::format("ptrace_scope is {}", scope), ""};
  }
  return {Verdict::good, "ptrace",
          fmt::format("ptrace_scope is {}; recording does not use ptrace", scope), ""};
}

Check judge_cgroup(std::uint64_t usage_bytes, std::uint64_t limit_bytes) {
  if (limit_bytes == 0) return {Verdict::good, "cgroup", "no memory limit", ""};
  const std::string room =
      fmt::format("{} of {} used", human_bytes(usage_bytes), human_bytes(limit_bytes));
  if (usage_bytes + kLittleLeftInCgroup > limit_bytes) {
    return {Verdict::limit, "cgroup", room + ": the recording itself counts against the limit",
            "raise memory.max for the time of the recording"};
  }
  return {Verdict::good, "cgroup", room, ""};
}

std::vector<Check> check_machine() {
  return {check_system(), check_preload_library(), check_shared_memory(), check_runtime_folder(),
          check_ptrace(), check_cgroup(),          check_debug_files(),   check_ld_preload()};
}

}  // namespace memwatch::cli
