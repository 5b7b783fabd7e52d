#include "tests/unit/preload/compare_walks.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <cstdio>

#include "preload/stack_memo.h"
#include "preload/walk_stack.h"
#include "shared/segment_layout.h"

namespace memwatch::preload_testing {

namespace {

using preload::kMaxFrames;

Comparison g_comparison;
std::uint64_t g_ours[kMaxFrames];
std::uint64_t g_theirs[kMaxFrames];

void note_difference(const char* what, unsigned frame, std::uint64_t ours, std::uint64_t theirs) {
  if (g_comparison.differs) return;
  g_comparison.differs = true;
  snprintf(g_comparison.difference, sizeof g_comparison.difference,
           "%s at frame %u: ours %#llx, libunwind's %#llx", what, frame,
           static_cast<unsigned long long>(ours), static_cast<unsigned long long>(theirs));
}

// The frames from this function's caller's caller outwards.
[[gnu::noinline]] unsigned walk_with_libunwind() {
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  unsigned count = 0;
  for (unsigned depth = 0; unw_step(&cursor) > 0 && count < kMaxFrames; ++depth) {
    unw_word_t pc = 0;
    unw_get_reg(&cursor, UNW_REG_IP, &pc);
    if (pc == 0) break;
    if (depth > 0) g_theirs[count++] = pc;
  }
  return count;
}

}  // namespace

void reset_comparison() {
  g_comparison = Comparison{};
}
const Comparison& comparison() {
  return g_comparison;
}

[[gnu::noinline]] int compare_walks() {
  const preload::CallSite site = MEMWATCH_CALL_SITE();
  preload::ReadableRange memory;
  const preload::Walk walk = walk_stack(site, memory, g_ours, kMaxFrames);
  const unsigned theirs = walk_with_libunwind();
  ++g_comparison.walks;
  if (walk.truncated) g_comparison.any_truncated = true;
  if (walk.frames > g_comparison.most_frames) g_comparison.most_frames = walk.frames;
  for (unsigned i = 0; i < walk.frames && i < theirs; ++i) {
    if ((g_ours[i] & protocol::kExactPc) != 0) ++g_comparison.signal_frames;
    if ((g_ours[i] & protocol::kPcMask) != g_theirs[i]) {
      note_difference("different pc", i, g_ours[i], g_theirs[i]);
    }
  }
  if (walk.frames != theirs) note_difference("different depth", walk.frames, walk.frames, theirs);
  return static_cast<int>(g_comparison.walks & 1);
}

}  // namespace memwatch::preload_testing
