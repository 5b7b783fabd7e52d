#include "preload/process_state.h"

namespace memwatch::preload {

constinit ProcessState g_process{};

// No page of macOS's is cleared in a forked child; fork_handlers see to it instead.
bool clear_process_state_on_fork() {
  return false;
}

}  // namespace memwatch::preload
