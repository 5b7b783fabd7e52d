// The judge of the stack walker: walks the caller's stack with the shim's walker and with
// libunwind, frame by frame. Callable from signal handlers: results go into a static record.
#pragma once

#include <string>

namespace memwatch::preload_testing {

struct Comparison {
  unsigned walks = 0;  // since reset_comparison()
  unsigned most_frames = 0;
  bool any_truncated = false;
  unsigned signal_frames = 0;
  bool differs = false;
  char difference[256] = {};  // the first one
};

void reset_comparison();
const Comparison& comparison();

// Compares from the caller of this function outwards. Returns a number that depends on nothing the
// compiler can know, so that no call to it becomes a tail call when it is used.
int compare_walks();

}  // namespace memwatch::preload_testing
