// Who a process is. Each answer is one small file of /proc; an empty optional (or an empty text)
// where the process is gone or the kernel does not tell. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::procfs {

// Clock ticks from boot to the start of the process (macOS: microseconds from 1970): pid and this
// together never repeat.
std::optional<std::uint64_t> process_start_ticks(pid_t pid, const std::string& proc_root = "/proc");

// How long ago that was, in milliseconds: up to a tick more than it really is.
std::uint64_t age_ms(std::uint64_t start_ticks);

struct Executable {
  std::string path;      // without the kernel's " (deleted)"
  bool deleted = false;  // the file was removed or replaced (an upgrade) since
};
std::optional<Executable> process_executable(pid_t pid, const std::string& proc_root = "/proc");
Executable parse_executable(std::string_view link_target);

// Empty of kernel threads and zombies. A process may write a title over it, which leaves NULs
// behind where the rest of its arguments was: these are not told as empty arguments. 1 MiB is
// looked at.
std::vector<std::string> process_command(pid_t pid, const std::string& proc_root = "/proc");
std::vector<std::string> parse_command(std::string_view text);

std::string thread_name(pid_t pid, pid_t tid, const std::string& proc_root = "/proc");

struct Owner {
  uid_t real = 0, effective = 0;
};
std::optional<Owner> process_owner(pid_t pid, const std::string& proc_root = "/proc");
std::optional<Owner> parse_owner(std::string_view status);

// The wait status of a zombie whose parent has not asked yet; empty where it still runs. 0 also
// where the caller may not trace it.
std::optional<int> zombie_wait_status(pid_t pid, const std::string& proc_root = "/proc");

// Soft RLIMIT_AS in bytes; 0: none.
std::optional<std::uint64_t> address_space_limit(pid_t pid, const std::string& proc_root = "/proc");
std::optional<std::uint64_t> parse_address_space_limit(std::string_view limits);
// Soft RLIMIT_DATA in bytes; 0: none.
std::optional<std::uint64_t> data_limit(pid_t pid, const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
