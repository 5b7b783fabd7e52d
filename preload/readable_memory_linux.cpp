#include <errno.h>
#include <sys/uio.h>

#include "preload/raw_syscalls_linux.h"
#include "preload/readable_memory.h"
#include "preload/sandbox.h"

namespace memwatch::preload {

// rt_sigprocmask reads the new mask before it looks at `how`, which is invalid here: EFAULT tells
// an unreadable page, EINVAL a readable one, and nothing changes. (It takes the address zero for no
// mask at all.)
bool is_page_readable(std::uintptr_t page) {
  if (is_sandboxed()) return false;
  return raw_syscall(SYS_rt_sigprocmask, ~0L, static_cast<long>(page), 0, 8) != -EFAULT;
}

bool copy_memory(void* to, const void* from, std::size_t bytes) {
  if (is_sandboxed()) return false;
  const iovec here{to, bytes};
  const iovec there{const_cast<void*>(from), bytes};
  return raw_syscall(SYS_process_vm_readv, raw_getpid(), as_word(&here), 1, as_word(&there), 1) ==
         static_cast<long>(bytes);
}

}  // namespace memwatch::preload
