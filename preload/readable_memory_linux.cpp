#include <errno.h>
#include <sys/uio.h>

#include "preload/raw_syscalls_linux.h"
#include "preload/readable_memory.h"
#include "preload/sandbox.h"

namespace memwatch::preload {

namespace {

constexpr std::uintptr_t kPage = 4096;
// A frame further away than this from what is known is not on the same stack.
constexpr std::uintptr_t kMaxGap = 8U << 20;

// rt_sigprocmask reads the new mask before it looks at `how`, which is invalid here: EFAULT tells
// an unreadable page, EINVAL a readable one, and nothing changes.
bool is_page_readable(std::uintptr_t page) {
  if (is_sandboxed()) return false;
  return raw_syscall(SYS_rt_sigprocmask, ~0L, static_cast<long>(page), 0, 8) != -EFAULT;
}

}  // namespace

// The kernel takes the address zero for no mask at all, and would say yes.
bool can_read(std::uintptr_t address) {
  return address >= kPage && is_page_readable(address & ~(kPage - 1));
}

bool copy_memory(void* to, const void* from, std::size_t bytes) {
  if (is_sandboxed()) return false;
  const iovec here{to, bytes};
  const iovec there{const_cast<void*>(from), bytes};
  return raw_syscall(SYS_process_vm_readv, raw_getpid(), as_word(&here), 1, as_word(&there), 1) ==
         static_cast<long>(bytes);
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
