#include <sys/mman.h>

#include "preload/process_state.h"
#include "preload/raw_syscalls_linux.h"

namespace memwatch::preload {

constinit ProcessState g_process{};

bool clear_process_state_on_fork() {
  constexpr int kWipeOnFork = 18;  // MADV_WIPEONFORK
  return raw_madvise(&g_process, sizeof g_process, kWipeOnFork) == 0;
}

}  // namespace memwatch::preload
