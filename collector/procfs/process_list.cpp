#include "collector/procfs/process_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Calls visit(number, directory descriptor, name) for each entry that is a number.
template <typename Visit>
void for_each_number(const std::string& path, Visit visit) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) return;
  while (const dirent* const entry = ::readdir(directory.get())) {
    const std::optional<std::uint64_t> number = parse_number(entry->d_name);
    if (!number || *number == 0 || *number > std::numeric_limits<pid_t>::max()) continue;
    visit(static_cast<pid_t>(*number), ::dirfd(directory.get()), entry->d_name);
  }
}

}  // namespace

std::vector<pid_t> processes_of_user(uid_t user, const std::string& proc_root) {
  std::vector<pid_t> pids;
  for_each_number(proc_root, [&](pid_t pid, int directory, const char* name) {
    struct stat status {};
    if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_uid == user) {
      pids.push_back(pid);
    }
  });
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<pid_t> all_processes(const std::string& proc_root) {
  std::vector<pid_t> pids;
  for_each_number(proc_root, [&](pid_t pid, int, const char*) { pids.push_back(pid); });
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<pid_t> threads_of_process(pid_t pid, const std::string& proc_root) {
  std::vector<pid_t> threads;
  for_each_number(process_path(proc_root, pid, "task"),
                  [&](pid_t tid, int, const char*) { threads.push_back(tid); });
  std::sort(threads.begin(), threads.end());
  return threads;
}

}  // namespace memwatch::procfs
