// The heap functions that libSystem has under C's and POSIX's names, and reallocf.
#include <malloc/malloc.h>
#include <stdlib.h>

#include "preload/heap_hooks.h"
#include "preload/macos/interpose.h"
#include "preload/macos/replaced_calls.h"

namespace memwatch::preload {

namespace {

void* malloc_hook(size_t size) {
  return hooked_malloc(size);
}

void* calloc_hook(size_t count, size_t size) {
  return hooked_calloc(count, size);
}

void free_hook(void* block) {
  hooked_free(block);
}

// Of no bytes it is a block like any other here, and never only a free.
void* realloc_hook(void* block, size_t size) {
  return reallocated_by(block, size, OldBlock::lives_on, [=] { return realloc(block, size); });
}

void* reallocf_hook(void* block, size_t size) {
  return reallocated_by(block, size, OldBlock::freed, [=] { return reallocf(block, size); });
}

int posix_memalign_hook(void** place, size_t alignment, size_t size) {
  return hooked_posix_memalign(place, alignment, size);
}

void* aligned_alloc_hook(size_t alignment, size_t size) {
  return hooked_aligned_alloc(alignment, size);
}

void* valloc_hook(size_t size) {
  return hooked_valloc(size);
}

}  // namespace

MEMWATCH_REPLACE(malloc, malloc_hook);
MEMWATCH_REPLACE(calloc, calloc_hook);
MEMWATCH_REPLACE(free, free_hook);
MEMWATCH_REPLACE(realloc, realloc_hook);
MEMWATCH_REPLACE(reallocf, reallocf_hook);
MEMWATCH_REPLACE(posix_memalign, posix_memalign_hook);
MEMWATCH_REPLACE(aligned_alloc, aligned_alloc_hook);
MEMWATCH_REPLACE(valloc, valloc_hook);

}  // namespace memwatch::preload
