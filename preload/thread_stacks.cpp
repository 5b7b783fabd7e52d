#include "preload/thread_stacks.h"

#include "preload/c_library.h"

namespace memwatch::preload {

constinit std::atomic<std::uint32_t> g_memory_gone{0};

namespace {

bool contains(const ReadableRange& range, std::uintptr_t address) {
  return address >= range.low && address < range.high;
}

}  // namespace

void start_stacks(ThreadStacks& stacks) {
  stacks = ThreadStacks{};
  const std::uintptr_t top = top_of_own_stack();
  stacks.own.low =
      (top + 4095) & ~std::uintptr_t{4095};  // nothing seen yet, from the page's end down
  stacks.own.high = top;
  stacks.own.ends_here = true;
}

ReadableRange stack_at(ThreadStacks& stacks, std::uintptr_t stack_pointer) {
  if (contains(stacks.own, stack_pointer)) [[likely]] {
    return stacks.own;
  }
  if (contains(stacks.other, stack_pointer) &&
      stacks.other_looked_at == g_memory_gone.load(std::memory_order_relaxed)) {
    return stacks.other;
  }
  if (stack_pointer < stacks.own.low) {
    ReadableRange grown = stacks.own;
    start_readable(grown, stack_pointer);  // joins the pages in between, or starts elsewhere
    if (grown.high == stacks.own.high) {
      stacks.own.low = grown.low;
      return stacks.own;
    }
  }
  stacks.other = ReadableRange{};
  start_readable(stacks.other, stack_pointer);
  stacks.other_looked_at = g_memory_gone.load(std::memory_order_relaxed);
  return stacks.other;
}

void keep_stack(ThreadStacks& stacks, const ReadableRange& walked) {
  if (!walked.ends_here) stacks.other = walked;
}

void look_ahead(ThreadStacks& stacks, std::uintptr_t stack_pointer, std::uintptr_t bytes) {
  ReadableRange range = stack_at(stacks, stack_pointer);
  look_at_stack(range, stack_pointer, bytes);
  if (range.ends_here) {
    stacks.own = range;
  } else {
    stacks.other = range;
  }
}

}  // namespace memwatch::preload
