// The pair of x29 and x30 lies anywhere in a frame, so the caller's stack pointer is not known from
// it. gcc goes by that register and puts the caller's own pair, which x29 leads to, right there;
// clang goes by x29 wherever the difference matters.
#include "preload/frame_pointer.h"

namespace memwatch::preload {

Step follow_frame_pointer(Position& at, ReadableRange& memory) {
  constexpr std::uintptr_t kMaxFrame = 1U << 20;
  if (at.fp < at.sp || at.fp - at.sp > kMaxFrame) return Step::lost;
  if (!is_readable(memory, at.fp) || !is_readable(memory, at.fp + 8)) return Step::lost;
  const std::uintptr_t return_address = strip_return_address(read_word(at.fp + 8));
  if (return_address == 0) return Step::outermost_here;
  const std::uintptr_t callers = read_word(at.fp);
  const bool leads_up = callers > at.fp && callers - at.fp <= kMaxFrame && (callers & 15) == 0;
  at.pc = return_address;
  at.sp = leads_up ? callers : at.fp + 16;
  at.fp = callers;
  at.exact = false;
  at.link = Link{};  // what the stack pointer is was guessed
  return Step::caller;
}

}  // namespace memwatch::preload
