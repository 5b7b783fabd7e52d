// Memory and faults of one process at one moment, from statm, status and stat. Callers: the
// collector's sampler, every 100 ms for each traced process; three files, about 30 µs together,
// two where nothing has changed. Any thread. All sizes in bytes. Source of the fields: proc(5). A
// twin for macOS: task_info.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/procfs/stat_line.h"

namespace memwatch::procfs {

struct ProcessSample {
  std::uint64_t rss = 0, vms = 0, shared = 0, data = 0;  // statm; all 0 of a zombie
  std::uint64_t stack = 0, swap = 0, rss_peak = 0;       // status: VmStk, VmSwap, VmHWM
  std::uint64_t footprint = 0;  // macOS: what the system charges the process for; 0 elsewhere
  std::uint64_t threads = 0;
  std::uint64_t minor_faults = 0, major_faults = 0;  // cumulative
  StatLine stat;
};

struct Statm {
  std::uint64_t vms = 0, rss = 0, shared = 0, data = 0;
};

std::optional<Statm> parse_statm(std::string_view text, std::uint64_t page_bytes);

// Fields that the text lacks (of kernel threads and zombies, say) stay 0.
void parse_status(std::string_view text, ProcessSample& sample);

// Empty: there is no such process (any more).
std::optional<ProcessSample> sample_process(pid_t pid, const std::string& proc_root = "/proc");

// What one process has told when it was last looked at.
struct EarlierSample {
  std::size_t digest = 0;  // of stat and statm, letter by letter
  std::uint64_t stack = 0, swap = 0, rss_peak = 0, threads = 0;
};

// The same of one that is looked at again and again. `status` costs more than the two others and is
// left alone while they say to the letter what they said before: no fault, no page more or less, no
// thread, no tick of processor time, so that nothing in it can have changed but for a peak that
// came and went within a tick, which it still tells the next time.
std::optional<ProcessSample> sample_process_again(pid_t pid, EarlierSample& earlier,
                                                  const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
