#include "collector/procfs/stat_line.h"

#include "collector/procfs/text.h"

namespace memwatch::procfs {

std::optional<StatLine> parse_stat(std::string_view text) {
  const std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  StatLine line;
  const std::optional<std::uint64_t> pid = parse_number(text.substr(0, open));
  if (!pid) return std::nullopt;
  line.pid = static_cast<pid_t>(*pid);
  line.comm = text.substr(open + 1, close - open - 1);

  std::string_view rest = text.substr(close + 1), word;
  int field = 3;  // numbered as in proc(5)
  for (; next_word(rest, word); ++field) {
    if (field == 3) {
      line.state = word[0];
      continue;
    }
    if (word[0] == '-') continue;  // tpgid, nice: of no interest
    const std::optional<std::uint64_t> value = parse_number(word);
    if (!value) return std::nullopt;
    switch (field) {
      case 4:
        line.ppid = static_cast<pid_t>(*value);
        break;
      case 10:
        line.minor_faults = *value;
        break;
      case 12:
        line.major_faults = *value;
        break;
      case 14:
      case 15:
        line.cpu_ticks += *value;
        break;
      case 22:
        line.start_ticks = *value;
        break;
      case 52:
        line.exit_status = static_cast<std::int32_t>(*value);
        break;
      default:
        break;
    }
  }
  if (field <= 22) return std::nullopt;
  return line;
}

std::optional<StatLine> read_stat(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> text = read_text(process_path(proc_root, pid, "stat"));
  return text ? parse_stat(*text) : std::nullopt;
}

}  // namespace memwatch::procfs
