#include "preload/segment_memory.h"

#include <cstdint>

#include "preload/backed_memory.h"
#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/processor.h"

namespace memwatch::preload {

namespace {

// What was given back, as offsets in the segment: the ends of its nodes and of its rings. Survives
// a fork, as the mapping does.
struct Hole {
  std::uintptr_t start, end;
};
constinit Hole g_holes[2] = {};

void let_go(std::uintptr_t from, std::uintptr_t to, Leftover leftover) {
  if (from >= to) return;
  auto* const start = reinterpret_cast<void*>(from);
  if (leftover == Leftover::unmap) {
    unmap_memory(start, to - from);
  } else {
    replace_memory(start, to - from);
  }
}

}  // namespace

bool back_segment(void* from, std::size_t bytes) {
  if (back_pages(from, bytes)) return true;
  // Relaxed: read when all is over, nothing depends on it.
  g_process.segment->no_room.store(1, std::memory_order_relaxed);
  return false;
}

void give_back_segment(void* from, void* to) {
  constexpr std::uintptr_t kPage = kPageAlignment;
  const std::uintptr_t start = (reinterpret_cast<std::uintptr_t>(from) + kPage - 1) & ~(kPage - 1);
  std::uintptr_t end = reinterpret_cast<std::uintptr_t>(to) & ~(kPage - 1);
  if (start >= end) return;
  // The hole is noted before it is there: a child that is forked in between leaves some addresses
  // unused, and not the program's memory unmapped.
  for (Hole& hole : g_holes) {
    if (hole.end == 0) {
      hole = Hole{start, end};
      break;
    }
    if (hole.start >= end && hole.start - end < kPage) {  // the same part, of which more goes now
      end = hole.start;
      hole.start = start;
      break;
    }
  }
  unmap_memory(reinterpret_cast<void*>(start), end - start);
}

void let_go_of_segment(protocol::SegmentHeader* segment, Leftover leftover) {
  const auto start = reinterpret_cast<std::uintptr_t>(segment);
  const std::uintptr_t end = start + segment->geometry.segment_bytes;
  const bool in_order = g_holes[1].end == 0 || g_holes[0].start < g_holes[1].start;
  const Hole first = g_holes[in_order ? 0 : 1];
  const Hole second = g_holes[in_order ? 1 : 0];
  g_holes[0] = g_holes[1] = Hole{};
  if (first.end == 0) return let_go(start, end, leftover);
  let_go(start, first.start, leftover);
  if (second.end == 0) return let_go(first.end, end, leftover);
  let_go(first.end, second.start, leftover);
  let_go(second.end, end, leftover);
}

}  // namespace memwatch::preload
