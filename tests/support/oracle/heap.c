/* The C entry points of the heap, each forwarded to glibc's own name for it, which never comes back
 * here: no look-up of symbols, no recursion, nothing to bootstrap.
 * Callers: the traced program, any thread, from before its first constructor to after its last
 * destructor. Errors: exactly glibc 2.36's. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/oracle/state.h"

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* block, size_t size);
extern void __libc_free(void* block);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void* __libc_valloc(size_t size);
extern void* __libc_pvalloc(size_t size);

ORACLE_EXPORT void* malloc(size_t size) {
  if (oracle_is_starting) return __libc_malloc(size);
  oracle_enter();
  void* const block = __libc_malloc(size);
  oracle_note_allocation(kMalloc, block, size);
  oracle_leave();
  return block;
}

ORACLE_EXPORT void* calloc(size_t count, size_t size) {
  oracle_enter();
  void* const block = __libc_calloc(count, size);
  oracle_note_allocation(kCalloc, block, count * size);
  oracle_leave();
  return block;
}

static void* reallocate(OracleFunction function, void* block, size_t size) {
  oracle_enter();
  void* const moved = __libc_realloc(block, size);
  if (block == NULL)
    oracle_note_allocation(function, moved, size);
  else if (size == 0)
    oracle_note_free(function, block); /* glibc frees and returns null */
  else if (moved == NULL)
    oracle_note_failure(function);
  else
    oracle_note_reallocation(function, block, moved, size);
  oracle_leave();
  return moved;
}

ORACLE_EXPORT void* realloc(void* block, size_t size) {
  return reallocate(kRealloc, block, size);
}

ORACLE_EXPORT void* reallocarray(void* block, size_t count, size_t size) {
  size_t bytes = 0;
  if (!__builtin_mul_overflow(count, size, &bytes)) return reallocate(kReallocarray, block, bytes);
  oracle_enter();
  oracle_note_failure(kReallocarray);
  oracle_leave();
  errno = ENOMEM;
  return NULL;
}

static void release(OracleFunction function, void* block) {
  if (block == NULL) return;
  oracle_enter();
  oracle_note_free(function, block);
  __libc_free(block);
  oracle_leave();
}

ORACLE_EXPORT void free(void* block) {
  release(kFree, block);
}

ORACLE_EXPORT void free_sized(void* block, size_t size);
void free_sized(void* block, size_t size) {
  (void)size;
  release(kFreeSized, block);
}

ORACLE_EXPORT void free_aligned_sized(void* block, size_t alignment, size_t size);
void free_aligned_sized(void* block, size_t alignment, size_t size) {
  (void)alignment, (void)size;
  release(kFreeAlignedSized, block);
}

static int is_power_of_two(size_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

ORACLE_EXPORT int posix_memalign(void** result, size_t alignment, size_t size) {
  int error = 0;
  oracle_enter();
  if (alignment % sizeof(void*) != 0 || !is_power_of_two(alignment)) {
    oracle_note_failure(kPosixMemalign);
    error = EINVAL;
  } else {
    void* const block = __libc_memalign(alignment, size);
    oracle_note_allocation(kPosixMemalign, block, size);
    if (block != NULL)
      *result = block;
    else
      error = ENOMEM;
  }
  oracle_leave();
  return error;
}

static void* align(OracleFunction function, size_t alignment, size_t size) {
  oracle_enter();
  void* const block = __libc_memalign(alignment, size);
  oracle_note_allocation(function, block, size);
  oracle_leave();
  return block;
}

ORACLE_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  return align(kAlignedAlloc, alignment, size);
}

ORACLE_EXPORT void* memalign(size_t alignment, size_t size);
void* memalign(size_t alignment, size_t size) {
  return align(kMemalign, alignment, size);
}

ORACLE_EXPORT void* valloc(size_t size) {
  oracle_enter();
  void* const block = __libc_valloc(size);
  oracle_note_allocation(kValloc, block, size);
  oracle_leave();
  return block;
}

ORACLE_EXPORT void* pvalloc(size_t size);
void* pvalloc(size_t size) {
  oracle_enter();
  void* const block = __libc_pvalloc(size);
  oracle_note_allocation(kPvalloc, block, size);
  oracle_leave();
  return block;
}
