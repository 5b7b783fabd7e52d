#include "preload/readable_memory.h"

namespace memwatch::preload {

namespace {

constexpr std::uintptr_t kPage = 4096;  // or part of a larger one
// A frame further away than this from what is known is not on the same stack.
constexpr std::uintptr_t kMaxGap = 8U << 20;

}  // namespace

bool can_read(std::uintptr_t address) {
  return address >= kPage && is_page_readable(address & ~(kPage - 1));
}

void start_readable(ReadableRange& range, std::uintptr_t stack_pointer) {
  const std::uintptr_t page = stack_pointer & ~(kPage - 1);
  if (page >= range.low && page < range.high) return;
  if (page < range.low && range.low - page <= kMaxGap) {
    // The stack grew downwards: join the new pages to the known ones if nothing is missing between.
    std::uintptr_t at = page;
    while (at < range.low && is_page_readable(at)) at += kPage;
    if (at == range.low) {
      range.low = page;
      return;
    }
  }
  range.low = page;
  range.high = page + kPage;  // the page the program is running on
  range.ends_here = false;
}

void look_at_stack(ReadableRange& range, std::uintptr_t stack_pointer, std::uintptr_t bytes) {
  start_readable(range, stack_pointer);
  while (range.low > stack_pointer - bytes && is_page_readable(range.low - kPage)) {
    range.low -= kPage;
  }
  if (range.ends_here) return;
  const std::uintptr_t end = range.high + kMaxGap;
  while (range.high < end && is_page_readable(range.high)) range.high += kPage;
}

bool extend_readable(ReadableRange& range, std::uintptr_t address) {
  if (range.ends_here || address < range.low || address > UINTPTR_MAX - kPage) return false;
  if (address - range.high > kMaxGap) return false;
  while (range.high < address + 8) {
    if (!is_page_readable(range.high)) return false;
    range.high += kPage;
  }
  return true;
}

}  // namespace memwatch::preload
