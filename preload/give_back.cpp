#include "preload/give_back.h"

#include <errno.h>

#include "preload/process_state.h"
#include "preload/real_functions.h"
#include "preload/sandbox.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

void give_back_if_asked(std::uint32_t depth) {
  protocol::SegmentHeader& header = *g_process.segment;
  // Relaxed: a request without data; both sides only compare numbers.
  const std::uint32_t wanted = header.trim_wanted.load(std::memory_order_relaxed);
  std::uint32_t begun = header.trim_begun.load(std::memory_order_relaxed);
  if (wanted == begun || depth != 1 || is_sandboxed()) return;
  // A handler that interrupted the real allocator: it may hold the very locks this would take.
  if (t_state.passing_through != 0) return;
  // One thread serves a request.
  if (!header.trim_begun.compare_exchange_strong(begun, wanted, std::memory_order_relaxed)) return;
  const int errno_before = errno;
  {
    const PassThrough real_allocator;
    if (g_real.mi_collect != nullptr) {
      g_real.mi_collect(true);
    } else if (g_real.malloc_trim != nullptr) {
      g_real.malloc_trim(0);
    }
  }
  errno = errno_before;
  // Release: what was given back is gone before this is seen; matched in tools/cli/command_trim.
  header.trim_done.store(wanted, std::memory_order_release);
}

}  // namespace memwatch::preload
