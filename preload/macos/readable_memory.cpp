// The kernel copies, and says when it cannot. A message to it and back: a microsecond or so, but
// asked once per page of a stack that is not the thread's own.
#include "preload/readable_memory.h"

#include <mach/mach.h>

namespace memwatch::preload {

bool is_page_readable(std::uintptr_t page) {
  std::uint64_t word = 0;
  return copy_memory(&word, reinterpret_cast<const void*>(page), sizeof word);
}

bool copy_memory(void* to, const void* from, std::size_t bytes) {
  vm_size_t copied = 0;
  return vm_read_overwrite(mach_task_self(), reinterpret_cast<vm_address_t>(from), bytes,
                           reinterpret_cast<vm_address_t>(to), &copied) == KERN_SUCCESS &&
         copied == bytes;
}

}  // namespace memwatch::preload
