#include "preload/abandoned_hooks.h"

#include <atomic>

#include "preload/process_state.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/thread_ring.h"

namespace memwatch::preload {

namespace {

enum class Left : std::uint8_t {
  none,  // the jump stays further in than every hook
  all,
  some,  // a handler that interrupted a handler jumps into the first one
};

// Frames further out than the target matter too: a hook there goes on.
Left hooks_left_behind(const CallSite& site, std::uintptr_t target_sp) {
  constexpr unsigned kMostFrames = 1U << 16;
  ReadableRange memory{};
  Position at(site);
  start_readable(memory, at.sp);
  bool at_target = false;
  bool left = false;
  bool stays = false;
  for (unsigned i = 0; i < kMostFrames; ++i) {
    const Position inner = at;
    const Step step = step_out(at, memory);
    if (is_shim_code(inner.pc)) (at_target ? stays : left) = true;
    if (step != Step::caller) break;
    // On one stack only: a signal frame may lead from a higher one to a lower one, never between.
    if (inner.sp <= target_sp && target_sp < at.sp) at_target = true;
  }
  if (left && stays) return Left::some;
  return stays || (!left && !at_target) ? Left::none : Left::all;
}

// What the hooks had begun is undone where it could mislead the next: records that were not
// published, and whatever is remembered in more than one word.
void clear_ring(ThreadRing& ring) {
  ring.tail = ring.shared->published.load(std::memory_order_relaxed);
  ring.seen_epoch = 0;  // the records that tell these may be among them
  ring.sequenced = 0;
  ring.memo.depth = 0;
  ring.stacks.other = ReadableRange{};
  for (NodeCache::Entry& entry : ring.node_cache.entries) entry.node = 0;
}

}  // namespace

void leave_abandoned_hooks(const CallSite& site, std::uintptr_t target_sp) {
  if (!is_ready() || hooks_left_behind(site, target_sp) != Left::all) return;
  for (ThreadRing* ring : t_state.rings) {
    if (ring != nullptr) clear_ring(*ring);
  }
  // Relaxed: a hint, which the collector looks at when it waits for a number in vain.
  g_process.segment->hooks_abandoned.fetch_add(1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_state.in_foreign_delete = 0;
  t_state.own_work = 0;
  t_state.passing_through = 0;
  t_state.depth = 0;
}

}  // namespace memwatch::preload
