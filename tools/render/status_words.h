// How the daemon's processes are told in words, wherever they are shown.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <string>

#include "collector/daemon/status.h"

namespace memwatch::render {

// "exact", "sample", "idle", "RSS only", "by 4711".
std::string how_recorded(const daemon::ProcessStatus& process);

// Is its live heap known?
bool knows_heap(const daemon::ProcessStatus& process);

// The command line on one line, printable; the name where there is none.
std::string program_line(const daemon::ProcessStatus& process);

}  // namespace memwatch::render
