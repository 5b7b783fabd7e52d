#include "collector/procfs/fork_flags.h"

#include "collector/procfs/memory_maps.h"
#include "collector/procfs/text.h"

namespace memwatch::procfs {

namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;  // of 60 000 mappings, about

bool has_fork_flag(std::string_view flags) {
  std::string_view flag;
  while (next_word(flags, flag)) {
    if (flag == "dc" || flag == "wf" || flag == "ht") return true;
  }
  return false;
}

}  // namespace

AddressRanges parse_fork_flags(std::string_view smaps) {
  constexpr std::string_view kFlags = "VmFlags:";
  AddressRanges ranges;
  std::string_view line, of_mapping;
  while (next_line(smaps, line)) {
    if (line.starts_with(kFlags)) {
      if (!has_fork_flag(line.substr(kFlags.size()))) continue;
      for (const MemoryMapping& mapping : parse_memory_maps(of_mapping)) {
        ranges.emplace_back(mapping.start, mapping.end);
      }
    } else if (!line.empty() && (line[0] < 'A' || line[0] > 'Z')) {  // keys begin with a capital
      of_mapping = line;
    }
  }
  return ranges;
}

std::optional<AddressRanges> read_fork_flags(pid_t pid, const std::string& proc_root) {
  const auto text = read_text(process_path(proc_root, pid, "smaps"), kMostBytes);
  if (!text || text->empty() || text->size() >= kMostBytes) return std::nullopt;
  if (text->find("VmFlags:") == std::string::npos) return std::nullopt;
  return parse_fork_flags(*text);
}

}  // namespace memwatch::procfs
