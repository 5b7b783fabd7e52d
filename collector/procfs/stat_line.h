// The line of /proc/PID/stat (proc(5)). The command name in it is chosen by the process and may
// hold blanks and parentheses: it ends at the last ')'.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch::procfs {

struct StatLine {
  pid_t pid = 0, ppid = 0;
  std::string comm;
  char state = '?';  // R S D Z T t X I …
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t cpu_ticks = 0;    // clock ticks on a processor, in user and in kernel mode
  std::uint64_t start_ticks = 0;  // clock ticks from boot to the start: with the pid, an identity
  std::int32_t exit_status = 0;   // as waitpid gives it; 0 where the reader may not know it
};

std::optional<StatLine> parse_stat(std::string_view text);
std::optional<StatLine> read_stat(pid_t pid, const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
