#include "collector/procfs/process_identity.h"

#include <unistd.h>

#include <ctime>

#include "collector/procfs/stat_line.h"
#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

constexpr std::size_t kCommandBytes = std::size_t{1} << 20;
constexpr std::string_view kDeleted = " (deleted)";

}  // namespace

std::optional<std::uint64_t> process_start_ticks(pid_t pid, const std::string& proc_root) {
  const std::optional<StatLine> stat = read_stat(pid, proc_root);
  if (!stat) return std::nullopt;
  return stat->start_ticks;
}

std::uint64_t age_ms(std::uint64_t start_ticks) {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);  // what start times are told by
  const auto now_ms = static_cast<std::uint64_t>(now.tv_sec) * 1000 +
                      static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
  const std::uint64_t start_ms =
      start_ticks * 1000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return now_ms > start_ms ? now_ms - start_ms : 0;
}

Executable parse_executable(std::string_view link_target) {
  Executable executable;
  if (link_target.ends_with(kDeleted)) {
    link_target.remove_suffix(kDeleted.size());
    executable.deleted = true;
  }
  executable.path = link_target;
  return executable;
}

std::optional<Executable> process_executable(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> target = read_link(process_path(proc_root, pid, "exe"));
  if (!target) return std::nullopt;
  return parse_executable(*target);
}

std::vector<std::string> parse_command(std::string_view text) {
  std::vector<std::string> command;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    command.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  // What a title has left behind, which is rarely a single byte; a title is rarely a single word.
  // So the one empty argument of `grep ""` is told, those of a program with more of them at the end
  // are not.
  std::size_t empty_at_end = 0;
  while (empty_at_end < command.size() && command[command.size() - 1 - empty_at_end].empty()) {
    ++empty_at_end;
  }
  const bool is_title = !command.empty() && command.front().find(' ') != std::string::npos;
  if (empty_at_end > 1 || is_title) command.resize(command.size() - empty_at_end);
  return command;
}

std::vector<std::string> process_command(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> text =
      read_text(process_path(proc_root, pid, "cmdline"), kCommandBytes);
  return text ? parse_command(*text) : std::vector<std::string>{};
}

std::string thread_name(pid_t pid, pid_t tid, const std::string& proc_root) {
  std::string name =
      read_text(process_path(proc_root, pid, "task/" + std::to_string(tid) + "/comm"), 64)
          .value_or("");
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

std::optional<Owner> parse_owner(std::string_view status) {
  std::string_view words = find_value(status, "Uid").value_or(std::string_view{}), real, effective;
  if (!next_word(words, real) || !next_word(words, effective)) return std::nullopt;
  const auto real_id = parse_number(real), effective_id = parse_number(effective);
  if (!real_id || !effective_id) return std::nullopt;
  return Owner{static_cast<uid_t>(*real_id), static_cast<uid_t>(*effective_id)};
}

std::optional<Owner> process_owner(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> status = read_text(process_path(proc_root, pid, "status"));
  return status ? parse_owner(*status) : std::nullopt;
}

std::optional<int> zombie_wait_status(pid_t pid, const std::string& proc_root) {
  const std::optional<StatLine> stat = read_stat(pid, proc_root);
  if (!stat || (stat->state != 'Z' && stat->state != 'X')) return std::nullopt;
  return stat->exit_status;
}

namespace {

std::optional<std::uint64_t> parse_limit(std::string_view limits, std::string_view name) {
  std::string_view words = find_value(limits, name).value_or(std::string_view{}), soft;
  if (!next_word(words, soft)) return std::nullopt;
  if (soft == "unlimited") return 0;
  return parse_number(soft);
}

}  // namespace

std::optional<std::uint64_t> parse_address_space_limit(std::string_view limits) {
  return parse_limit(limits, "Max address space");
}

std::optional<std::uint64_t> data_limit(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> limits = read_text(process_path(proc_root, pid, "limits"));
  return limits ? parse_limit(*limits, "Max data size") : std::nullopt;
}

std::optional<std::uint64_t> address_space_limit(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> limits = read_text(process_path(proc_root, pid, "limits"));
  return limits ? parse_address_space_limit(*limits) : std::nullopt;
}

}  // namespace memwatch::procfs
