#include <libproc.h>

#include <algorithm>

#include "collector/procfs/process_list.h"

namespace memwatch::procfs {

std::vector<pid_t> processes_of_user(uid_t user, const std::string&) {
  const int bytes = proc_listpids(PROC_UID_ONLY, user, nullptr, 0);
  if (bytes <= 0) return {};
  // Some may have come meanwhile.
  std::vector<pid_t> pids(static_cast<std::size_t>(bytes) / sizeof(pid_t) + 64);
  const int got = proc_listpids(PROC_UID_ONLY, user, pids.data(),
                                static_cast<int>(pids.size() * sizeof(pid_t)));
  pids.resize(got > 0 ? static_cast<std::size_t>(got) / sizeof(pid_t) : 0);
  std::erase(pids, 0);
  std::sort(pids.begin(), pids.end());
  return pids;
}

// Their numbers have more bits than a pid_t has.
std::vector<pid_t> threads_of_process(pid_t, const std::string&) {
  return {};
}

}  // namespace memwatch::procfs
