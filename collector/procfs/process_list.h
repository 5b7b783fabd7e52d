// Which processes there are. A snapshot: some may be gone when the caller looks. Any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace memwatch::procfs {

// Ascending pids of the processes whose files in /proc belong to `user`: those with this effective
// user id that have not given up being traced. Empty where /proc cannot be read.
std::vector<pid_t> processes_of_user(uid_t user, const std::string& proc_root = "/proc");

// Those of everybody.
std::vector<pid_t> all_processes(const std::string& proc_root = "/proc");

// Ascending thread ids of one process.
std::vector<pid_t> threads_of_process(pid_t pid, const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
