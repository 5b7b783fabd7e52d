#include "collector/procfs/smaps.h"

#include "collector/procfs/text.h"

namespace memwatch::procfs {

namespace {

constexpr std::size_t kMostBytes = std::size_t{128} << 20;  // 65 530 mappings, 25 lines each

}  // namespace

std::vector<ResidentMapping> parse_smaps(std::string_view text) {
  std::vector<ResidentMapping> found;
  bool belongs = false;  // do the figures that follow belong to the last mapping of `found`?
  std::string_view line;
  while (next_line(text, line)) {
    MemoryMapping mapping;
    if (parse_mapping_line(line, &mapping)) {
      belongs = found.empty() || mapping.start >= found.back().mapping.end;
      if (belongs) found.push_back({std::move(mapping), 0, 0});
      continue;
    }
    const std::size_t colon = line.find(':');
    if (!belongs || colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    if (key != "Rss" && key != "Swap") continue;
    const std::uint64_t bytes = parse_kilobytes(line.substr(colon + 1)).value_or(0);
    (key == "Rss" ? found.back().rss : found.back().swap) = bytes;
  }
  // More than the mapping has room for makes no sense; sums of what remains cannot overflow.
  for (ResidentMapping& entry : found) {
    if (entry.rss > entry.mapping.end - entry.mapping.start) entry.rss = 0;
  }
  return found;
}

std::optional<std::vector<ResidentMapping>> read_smaps(pid_t pid, const std::string& proc_root) {
  const auto text = read_text(process_path(proc_root, pid, "smaps"), kMostBytes);
  if (!text || text->empty()) return std::nullopt;
  return parse_smaps(*text);
}

}  // namespace memwatch::procfs
