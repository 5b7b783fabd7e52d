// Started by options_test with an environment of its own: prints the shim's view of it.
#include <cstdio>

#include "preload/options.h"

int main() {
  using memwatch::preload::g_options;
  memwatch::preload::read_options();
  std::printf("socket=[%s] follow=%d variable=[%s] preload=[%s]", g_options.socket,
              g_options.follow ? 1 : 0, g_options.variable, g_options.preload);
  return 0;
}
