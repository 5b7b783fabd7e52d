#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "preload/backed_memory.h"
#include "preload/processor.h"
#include "preload/raw_syscalls_linux.h"
#include "shared/segment_layout.h"

namespace memwatch::preload {

namespace {

// The kernel's. On x86-64 there is but one size.
std::uintptr_t page_bytes() {
  return kPageAlignment == 4096 ? 4096 : getauxval(AT_PAGESZ);
}

constinit protocol::PrivateMappings g_private_mappings{};

// Relaxed: a leak check reads the list while the process stands still.
void list_private_mapping(std::uint64_t start, std::uint64_t bytes) {
  const std::uint64_t at = g_private_mappings.count.fetch_add(1, std::memory_order_relaxed);
  if (at < protocol::kMaxPrivateMappings) g_private_mappings.mappings[at] = {start, bytes};
}
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

void* map_private(std::size_t bytes) {
  const long at = raw_mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  if (is_raw_error(at)) return nullptr;
  list_private_mapping(static_cast<std::uint64_t>(at), bytes);
  return reinterpret_cast<void*>(at);
}

void unmap_private(void* mapping, std::size_t keep, std::size_t bytes) {
  const auto start = reinterpret_cast<std::uintptr_t>(mapping);
  const std::uintptr_t page = page_bytes();
  const std::uintptr_t from = (start + keep + page - 1) & ~(page - 1);
  const std::uintptr_t end = (start + bytes + page - 1) & ~(page - 1);
  if (from >= end) return;
  // First what is listed, then what is there: the program may be given these addresses next.
  const std::uint64_t listed = g_private_mappings.count.load(std::memory_order_relaxed);
  for (std::uint64_t i = 0; i < listed && i < protocol::kMaxPrivateMappings; ++i) {
    protocol::PrivateMapping& entry = g_private_mappings.mappings[i];
    if (entry.start == start) entry.bytes = from - start;
  }
  raw_munmap(reinterpret_cast<void*>(from), end - from);
}

const void* list_of_private_mappings() {
  return &g_private_mappings;
}

void forget_private_mappings() {
  g_private_mappings.count.store(0, std::memory_order_relaxed);
}

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
