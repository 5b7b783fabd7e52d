/* The mmap family goes straight to the kernel; brk and sbrk go to libc, which keeps the end of the
 * heap in a variable of its own. Lengths are rounded up to whole pages, as the kernel does.
 * Callers: any thread, signal handlers included. Errors: the kernel's. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/oracle/counters.h"
#include "tests/support/oracle/kernel.h"
#include "tests/support/oracle/state.h"

static size_t whole_pages(size_t length) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (length + page - 1) / page * page;
}

static void* map(OracleFunction function, void* address, size_t length, int protection, int flags,
                 int file, off_t offset) {
  oracle_enter();
  void* const start = kernel_mmap(address, length, protection, flags, file, offset);
  if (start == MAP_FAILED)
    oracle_note_failure(function);
  else
    oracle_note_map(function, (uintptr_t)start, whole_pages(length));
  oracle_leave();
  return start;
}

ORACLE_EXPORT void* mmap(void* address, size_t length, int protection, int flags, int file,
                         off_t offset) {
  return map(kMmap, address, length, protection, flags, file, offset);
}

#undef mmap64  // another spelling of mmap in the headers of musl
ORACLE_EXPORT void* mmap64(void* address, size_t length, int protection, int flags, int file,
                           off64_t offset) {
  return map(kMmap64, address, length, protection, flags, file, offset);
}

ORACLE_EXPORT int munmap(void* address, size_t length) {
  oracle_enter();
  const int result = kernel_munmap(address, length);
  if (result == 0)
    oracle_note_unmap((uintptr_t)address, whole_pages(length));
  else
    oracle_count_call(kMunmap, 0); /* a call all the same, but not a failure of the totals */
  oracle_leave();
  return result;
}

ORACLE_EXPORT void* mremap(void* old_address, size_t old_length, size_t new_length, int flags,
                           ...) {
  va_list rest;
  va_start(rest, flags);
  void* const wanted = flags & MREMAP_FIXED ? va_arg(rest, void*) : NULL;
  va_end(rest);
  oracle_enter();
  void* const start = kernel_mremap(old_address, old_length, new_length, flags, wanted);
  if (start == MAP_FAILED)
    oracle_note_failure(kMremap);
  else
    oracle_note_remap((uintptr_t)old_address, whole_pages(old_length), (uintptr_t)start,
                      whole_pages(new_length));
  oracle_leave();
  return start;
}

static void* libc_sbrk(intptr_t increment) {
  static void* (*next)(intptr_t);
  if (next == NULL) {
    void* const symbol = dlsym(RTLD_NEXT, "sbrk");
    memcpy(&next, &symbol, sizeof symbol);
  }
  return next(increment);
}

ORACLE_EXPORT void* sbrk(intptr_t increment) {
  if (increment == 0) return libc_sbrk(0);
  oracle_enter();
  void* const old_end = libc_sbrk(increment);
  if (old_end == (void*)-1)
    oracle_note_failure(kSbrk);
  else
    oracle_note_break(kSbrk, (uintptr_t)old_end, (uintptr_t)old_end + (uintptr_t)increment);
  oracle_leave();
  return old_end;
}

ORACLE_EXPORT int brk(void* end) {
  oracle_enter();
  const uintptr_t old_end = (uintptr_t)libc_sbrk(0);
  const intptr_t increment = (intptr_t)((uintptr_t)end - old_end);
  const int result = libc_sbrk(increment) == (void*)-1 ? -1 : 0;
  if (result != 0)
    oracle_note_failure(kBrk);
  else
    oracle_note_break(kBrk, old_end, (uintptr_t)end);
  oracle_leave();
  return result;
}
