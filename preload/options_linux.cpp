#include "preload/options.h"
#include "preload/raw_syscalls_linux.h"

namespace memwatch::preload {

constinit const PreloadVariable g_preload_variable{"LD_PRELOAD=", ": "};

void read_options() {
  // Streamed in pieces: an environment may be megabytes, the variables of interest are short.
  const long fd = raw_open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (is_raw_error(fd)) return;
  char variable[2048] = {};
  std::size_t size = 0;
  bool too_long = false;
  char piece[1024] = {};
  for (;;) {
    const long got = raw_read(fd, piece, sizeof piece);
    if (got <= 0) break;
    for (long i = 0; i < got; ++i) {
      if (piece[i] == '\0') {
        variable[size] = '\0';
        if (!too_long) take_variable(variable, size);
        size = 0;
        too_long = false;
      } else if (size + 1 < sizeof variable) {
        variable[size++] = piece[i];
      } else {
        too_long = true;
      }
    }
  }
  raw_close(fd);
}

}  // namespace memwatch::preload
