#include "collector/procfs/smaps_rollup.h"

#include <array>
#include <utility>

#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t SmapsRollup::*>, 15> kKeys = {{
    {"Rss", &SmapsRollup::rss},
    {"Pss", &SmapsRollup::pss},
    {"Pss_Anon", &SmapsRollup::pss_anonymous},
    {"Pss_File", &SmapsRollup::pss_file},
    {"Pss_Shmem", &SmapsRollup::pss_shmem},
    {"Shared_Clean", &SmapsRollup::shared_clean},
    {"Shared_Dirty", &SmapsRollup::shared_dirty},
    {"Private_Clean", &SmapsRollup::private_clean},
    {"Private_Dirty", &SmapsRollup::private_dirty},
    {"Anonymous", &SmapsRollup::anonymous},
    {"AnonHugePages", &SmapsRollup::anonymous_huge},
    {"LazyFree", &SmapsRollup::lazy_free},
    {"Swap", &SmapsRollup::swap},
    {"SwapPss", &SmapsRollup::swap_pss},
    {"Locked", &SmapsRollup::locked},
}};

}  // namespace

std::optional<SmapsRollup> parse_smaps_rollup(std::string_view text) {
  SmapsRollup rollup;
  bool has_pss = false;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    for (const auto& [key, member] : kKeys) {
      if (line.substr(0, colon) != key) continue;
      rollup.*member = parse_kilobytes(line.substr(colon + 1)).value_or(0);
      has_pss |= member == &SmapsRollup::pss;
    }
  }
  if (!has_pss) return std::nullopt;
  return rollup;
}

std::optional<SmapsRollup> sample_smaps_rollup(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> text = read_text(process_path(proc_root, pid, "smaps_rollup"));
  return text ? parse_smaps_rollup(*text) : std::nullopt;
}

}  // namespace memwatch::procfs
