// What is measured of a recorded process beside what its status shows: the last sample of the
// kernel's figures, and the libraries that hold most of its heap. Plain data, small enough to be
// made for every process whenever somebody looks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::daemon {

struct LibraryShare {
  std::string path;  // "" code of no file
  std::uint64_t live_bytes = 0, live_blocks = 0, peak_bytes = 0;
};

struct ProcessMeasures {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  model::TimelineSample last;  // 0 where the kernel does not tell
  bool has_last = false;
  std::vector<LibraryShare> libraries;  // the largest, by live bytes
  LibraryShare others;                  // the rest together; live_blocks 0: there is none
};

// Thread safety: pure. At most `top` libraries by name.
ProcessMeasures measure(const model::Session& session, const model::Process& process,
                        std::size_t top);

}  // namespace memwatch::daemon
