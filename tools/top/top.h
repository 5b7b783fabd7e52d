// The live view of what the daemon watches. Asks the daemon over its control socket, once in every
// interval; a daemon that goes is waited for. Main thread only: it takes the terminal and signals.
#pragma once

#include <chrono>
#include <string>

#include "collector/base/result.h"
#include "tools/top/process_table.h"

namespace memwatch::top {

struct TopOptions {
  std::chrono::milliseconds interval{1000};
  SortKey sort = SortKey::heap;
  bool color = false;
};

// Until `q` or a signal. The signal that is to end us, raised once the terminal is given back; 0
// none. Errors: no terminal, no daemon to begin with.
Result<int> run_top(const TopOptions& options);

// One frame as text; it takes an interval, since a rate is a difference.
Result<std::string> top_once(const TopOptions& options, std::size_t width);

}  // namespace memwatch::top
