// The shim's options, from the environment variable MEMWATCH_OPTIONS (keys in shared/rendezvous.h),
// read once, from the process's initial environment, without libc (it may not be ready yet).
#pragma once

#include <cstddef>

#include "preload/second_unwinder.h"

namespace memwatch::preload {

struct Options {
  char socket[108];  // "" : no collector to introduce ourselves to
  bool follow;       // children are recorded too
  Unwinder unwinder;
  bool replaces_allocator;  // another than the program would have is preloaded behind the shim
  char variable[512];       // "MEMWATCH_OPTIONS=…" as found, for children; "" when absent
  char preload[1024];       // "LD_PRELOAD=…" as found, for children; "" when absent
};

extern Options g_options;

void read_options();

}  // namespace memwatch::preload
