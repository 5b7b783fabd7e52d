#include "preload/options.h"

#include <crt_externs.h>

namespace memwatch::preload {

constinit const PreloadVariable g_preload_variable{"DYLD_INSERT_LIBRARIES=", ":"};

// From the shim's constructor, before the program has run: what it was started with is still there.
void read_options() {
  char** entries = *_NSGetEnviron();
  for (; entries != nullptr && *entries != nullptr; ++entries) {
    take_variable(*entries, std::strlen(*entries));
  }
}

}  // namespace memwatch::preload
