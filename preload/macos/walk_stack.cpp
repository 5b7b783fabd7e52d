// From frame record to frame record. A signal handler's frames are followed by _sigtramp's and then
// by the interrupted function's caller: of the interrupted function itself there is no record.
#include "preload/walk_stack.h"

#include "preload/unwind_rules.h"

namespace memwatch::preload {

namespace {

// Set in the saved frame pointer of an asynchronous Swift function.
constexpr std::uintptr_t kAsynchronous = 1ULL << 60;

}  // namespace

// The start of a thread, and of the program, has the frame pointer zero.
Step step_out(Position& at, ReadableRange& memory) {
  const std::uintptr_t fp = at.fp & ~kAsynchronous;
  if (fp == 0) return Step::outermost_here;
  find_rule(code_of_call(at.pc));  // so that the next walk finds it in the cache
  const std::uintptr_t cfa = fp + 16;
  if (cfa <= at.sp || !is_readable(memory, fp) || !is_readable(memory, fp + 8)) return Step::lost;
  const std::uintptr_t return_address = strip_return_address(read_word(fp + 8));
  if (return_address == 0) return Step::outermost_here;
  at.pc = return_address;
  at.sp = cfa;
  at.fp = read_word(fp);
  at.exact = false;
  at.link = Link(8, false, 16);
  at.others.known = 0;
  return Step::caller;
}

}  // namespace memwatch::preload
