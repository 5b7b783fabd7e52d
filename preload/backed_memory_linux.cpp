#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "preload/backed_memory.h"
#include "preload/kernel.h"
#include "preload/raw_syscalls_linux.h"

namespace memwatch::preload {

namespace {

constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, Linux 5.14

// Older kernels: let the kernel itself store into each page. A store by a system call fails with
// EFAULT where a store by the program would be a signal. The byte stored is the one found there.
bool back_pages_one_by_one(std::uintptr_t first, std::uintptr_t end) {
  for (std::uintptr_t page = first; page < end; page += page_bytes()) {
    const iovec last_byte{reinterpret_cast<void*>(page + page_bytes() - 1), 1};
    if (raw_syscall(SYS_process_vm_writev, raw_getpid(), as_word(&last_byte), 1,
                    as_word(&last_byte), 1) != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool back_pages(void* from, std::size_t bytes) {
  const std::uintptr_t page = page_bytes();
  const auto first = reinterpret_cast<std::uintptr_t>(from) & ~(page - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(from) + bytes + page - 1) & ~(page - 1);
  const long result = raw_madvise(reinterpret_cast<void*>(first), end - first, kPopulateWrite);
  if (result == 0) return true;
  if (result != -EINVAL) return false;  // -EFAULT, -ENOMEM: no room
  return back_pages_one_by_one(first, end);
}

}  // namespace memwatch::preload
