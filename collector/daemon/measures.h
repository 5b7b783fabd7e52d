// What is measured of a recorded process beside what its status shows: the last sample of the
// kernel's figures, the libraries that hold most of its heap, and the sites that are shown by name
// (shown_sites.h). Plain data, small enough to be
// made for every process whenever somebody looks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "collector/history/consumer.h"
#include "collector/model/session.h"

namespace memwatch::daemon {

struct LibraryShare {
  std::string path;  // "" code of no file
  std::uint64_t live_bytes = 0, live_blocks = 0, peak_bytes = 0;
};

// What a site is called; short enough to be kept and to be read in a legend.
struct SiteLabel {
  std::string function, module;  // "": not known
};

struct SiteShare {
  history::SiteId site = 0;
  SiteLabel label;
  std::uint64_t live_bytes = 0, live_blocks = 0;
};

struct ProcessMeasures {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  model::TimelineSample last;  // 0 where the kernel does not tell
  bool has_last = false;
  std::vector<LibraryShare> libraries;  // the largest, by live bytes
  LibraryShare others;                  // the rest together; live_blocks 0: there is none
  std::vector<SiteShare> sites;         // none: no site is shown
  SiteShare other_sites;                // the rest together, where there are some
};

// Thread safety: pure. At most `top` libraries by name.
ProcessMeasures measure(const model::Session& session, const model::Process& process,
                        std::size_t top);

}  // namespace memwatch::daemon
