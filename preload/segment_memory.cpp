#include "preload/segment_memory.h"

#include "preload/backed_memory.h"
#include "preload/process_state.h"

namespace memwatch::preload {

bool back_segment(void* from, std::size_t bytes) {
  if (back_pages(from, bytes)) return true;
  // Relaxed: read when all is over, nothing depends on it.
  g_process.segment->no_room.store(1, std::memory_order_relaxed);
  return false;
}

}  // namespace memwatch::preload
