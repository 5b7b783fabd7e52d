#include "preload/frame_pointer.h"

namespace memwatch::preload {

Step follow_frame_pointer(Position& at, ReadableRange& memory) {
  constexpr std::uintptr_t kMaxFrame = 1U << 20;
  if (at.fp < at.sp || at.fp - at.sp > kMaxFrame) return Step::lost;
  if (!is_readable(memory, at.fp) || !is_readable(memory, at.fp + 8)) return Step::lost;
  const std::uintptr_t return_address = read_word(at.fp + 8);
  if (return_address == 0) return Step::outermost_here;
  at.pc = return_address;
  at.sp = at.fp + 16;
  at.fp = read_word(at.fp);
  at.exact = false;
  at.link = Link(8, false, 16);
  return Step::caller;
}

}  // namespace memwatch::preload
