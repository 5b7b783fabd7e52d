// The shim's options, from the environment variable MEMWATCH_OPTIONS (keys in shared/rendezvous.h),
// read once, from the process's initial environment, without libc (it may not be ready yet).
#pragma once

#include <cstddef>
#include <cstring>

#include "preload/second_unwinder.h"

namespace memwatch::preload {

struct Options {
  char socket[108];  // "" : no collector to introduce ourselves to
  bool follow;       // children are recorded too
  Unwinder unwinder;
  bool replaces_allocator;  // another than the program would have is preloaded behind the shim
  char variable[512];       // "MEMWATCH_OPTIONS=…" as found, for children; "" when absent
  char preload[1024];       // "LD_PRELOAD=…", say, as found, for children; "" when absent
};

extern Options g_options;

// The variable by which the system's loader takes the shim along; a twin for each system.
struct PreloadVariable {
  const char* start;       // "NAME="
  const char* separators;  // between libraries in its value
  [[nodiscard]] std::size_t start_size() const { return std::strlen(start); }
};
extern const PreloadVariable g_preload_variable;

void read_options();

// An entry of the environment, "NAME=value", as read_options() finds them.
void take_variable(const char* text, std::size_t size);

}  // namespace memwatch::preload
