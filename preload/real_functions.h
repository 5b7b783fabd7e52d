// The functions the shim stands in front of: the next definitions in the program's own look-up order,
// so that another allocator (jemalloc, tcmalloc, mimalloc as a library) is traced and not replaced.
// Found on the first call of each. While a look-up runs, the calling thread's allocations come from
// the bootstrap arena, because dlsym may allocate.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

namespace memwatch::preload {

struct RealFunctions {
  void* (*malloc)(size_t);
  void* (*calloc)(size_t, size_t);
  void* (*realloc)(void*, size_t);
  void* (*reallocarray)(void*, size_t, size_t);  // may be absent
  void (*free)(void*);
  void (*free_sized)(void*, size_t);                  // may be absent (C23)
  void (*free_aligned_sized)(void*, size_t, size_t);  // may be absent (C23)
  int (*posix_memalign)(void**, size_t, size_t);
  void* (*aligned_alloc)(size_t, size_t);
  void* (*memalign)(size_t, size_t);
  void* (*valloc)(size_t);
  void* (*pvalloc)(size_t);
  size_t (*malloc_usable_size)(void*);
  void* (*mmap)(void*, size_t, int, int, int, off_t);
  void* (*mmap64)(void*, size_t, int, int, int, off64_t);
  int (*munmap)(void*, size_t);
  void* (*mremap)(void*, size_t, size_t, int, ...);
  int (*brk)(void*);
  void* (*sbrk)(intptr_t);
};

// Complete once look_up_real_functions has returned; the allocation functions of libc are always
// there, the others null where nothing defines them.
extern RealFunctions g_real;

void look_up_real_functions();

// The next definition of any symbol, or nullptr. May allocate: call with the thread passing through.
void* next_definition(const char* name);

}  // namespace memwatch::preload
