#include "preload/sandbox.h"

#include "preload/record.h"
#include "preload/stack_tree.h"
#include "preload/thread_local_state.h"
#include "preload/thread_ring.h"
#include "preload/thread_stacks.h"

namespace memwatch::preload {

constinit std::atomic<bool> g_is_sandboxed{false};

void prepare_for_sandbox() {
  if (is_sandboxed()) return;
  if (is_recording()) {
    constexpr std::uintptr_t kStackBytes = 256U << 10;  // deeper frames will be cut off
    constexpr unsigned kNodes = 64U << 10;
    for (unsigned depth = 0; depth < 2; ++depth) {  // one for hooks, one for interrupting handlers
      if (t_state.rings[depth] == nullptr) t_state.rings[depth] = claim_ring();
      ThreadRing* ring = t_state.rings[depth];
      if (ring == nullptr) continue;
      back_whole_ring(*ring);
      look_ahead(ring->stacks, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)),
                 kStackBytes);
    }
    back_nodes_ahead(kNodes);
  }
  g_is_sandboxed.store(true, std::memory_order_relaxed);
}

}  // namespace memwatch::preload
