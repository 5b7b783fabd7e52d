#include "collector/procfs/process_sample.h"

#include <unistd.h>

#include <array>
#include <functional>

#include "collector/procfs/text.h"

namespace memwatch::procfs {

std::optional<Statm> parse_statm(std::string_view text, std::uint64_t page_bytes) {
  // size resident shared text lib data dirty, in pages
  std::array<std::uint64_t, 6> pages{};
  for (std::uint64_t& count : pages) {
    std::string_view word;
    if (!next_word(text, word)) return std::nullopt;
    const std::optional<std::uint64_t> value = parse_number(word);
    if (!value) return std::nullopt;
    count = saturating_multiply(*value, page_bytes);
  }
  return Statm{pages[0], pages[1], pages[2], pages[5]};
}

void parse_status(std::string_view text, ProcessSample& sample) {
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    std::uint64_t* const member = key == "VmStk"     ? &sample.stack
                                  : key == "VmSwap"  ? &sample.swap
                                  : key == "VmHWM"   ? &sample.rss_peak
                                  : key == "Threads" ? &sample.threads
                                                     : nullptr;
    if (member != nullptr) *member = parse_kilobytes(line.substr(colon + 1)).value_or(0);
  }
}

std::optional<ProcessSample> sample_process(pid_t pid, const std::string& proc_root) {
  EarlierSample none;
  return sample_process_again(pid, none, proc_root);
}

std::optional<ProcessSample> sample_process_again(pid_t pid, EarlierSample& earlier,
                                                  const std::string& proc_root) {
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  ProcessSample sample;
  std::optional<std::string> text = read_text(process_path(proc_root, pid, "stat"));
  const std::optional<std::string> statm_text = read_text(process_path(proc_root, pid, "statm"));
  if (!text || !statm_text) return std::nullopt;
  std::optional<StatLine> stat = parse_stat(*text);
  const std::optional<Statm> statm = parse_statm(*statm_text, page_bytes);
  if (!stat || !statm) return std::nullopt;
  sample.rss = statm->rss;
  sample.vms = statm->vms;
  sample.shared = statm->shared;
  sample.data = statm->data;
  const std::size_t digest = std::hash<std::string>{}(*text += *statm_text);
  if (digest != earlier.digest) {
    text = read_text(process_path(proc_root, pid, "status"));
    if (!text) return std::nullopt;
    parse_status(*text, sample);
    earlier = {digest, sample.stack, sample.swap, sample.rss_peak, sample.threads};
  } else {
    sample.stack = earlier.stack;
    sample.swap = earlier.swap;
    sample.rss_peak = earlier.rss_peak;
    sample.threads = earlier.threads;
  }
  sample.minor_faults = stat->minor_faults;
  sample.major_faults = stat->major_faults;
  sample.stat = std::move(*stat);
  return sample;
}

}  // namespace memwatch::procfs
