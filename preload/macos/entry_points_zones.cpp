// macOS's functions of malloc zones, which programs call by themselves. Each is counted as the
// function of C that does the same. A zone that is destroyed as a whole (malloc_destroy_zone) takes
// its blocks along without a call for each: they stay in the report as not freed.
#include <malloc/malloc.h>

#include "preload/macos/interpose.h"
#include "preload/macos/replaced_calls.h"

namespace memwatch::preload {

namespace {

void* zone_malloc_hook(malloc_zone_t* zone, size_t size) {
  return allocated_by(Function::malloc_, size, [=] { return malloc_zone_malloc(zone, size); });
}

void* zone_calloc_hook(malloc_zone_t* zone, size_t count, size_t size) {
  return allocated_by(Function::calloc_, product_or_most(count, size),
                      [=] { return malloc_zone_calloc(zone, count, size); });
}

void* zone_valloc_hook(malloc_zone_t* zone, size_t size) {
  return allocated_by(Function::valloc_, size, [=] { return malloc_zone_valloc(zone, size); });
}

void* zone_memalign_hook(malloc_zone_t* zone, size_t alignment, size_t size) {
  return allocated_by(Function::memalign_, size,
                      [=] { return malloc_zone_memalign(zone, alignment, size); });
}

void* zone_realloc_hook(malloc_zone_t* zone, void* block, size_t size) {
  return reallocated_by(block, size, OldBlock::lives_on,
                        [=] { return malloc_zone_realloc(zone, block, size); });
}

void zone_free_hook(malloc_zone_t* zone, void* block) {
  freed_by(block, [=] { malloc_zone_free(zone, block); });
}

// Many blocks of one size at once; fewer than wanted is no failure.
unsigned zone_batch_malloc_hook(malloc_zone_t* zone, size_t size, void** blocks, unsigned wanted) {
  if (!MEMWATCH_IS_RECORDING_CALL()) return malloc_zone_batch_malloc(zone, size, blocks, wanted);
  unsigned got = 0;
  {
    const PassThrough real_allocator;
    got = malloc_zone_batch_malloc(zone, size, blocks, wanted);
  }
  for (unsigned i = 0; i < got; ++i) {
    record_allocation(Function::malloc_, blocks[i], size, MEMWATCH_CALL_SITE());
  }
  return got;
}

void zone_batch_free_hook(malloc_zone_t* zone, void** blocks, unsigned count) {
  if (!MEMWATCH_IS_RECORDING_CALL()) return malloc_zone_batch_free(zone, blocks, count);
  for (unsigned i = 0; i < count; ++i) {
    if (blocks[i] != nullptr) record_deallocation(Function::free_, blocks[i]);
  }
  const PassThrough real_allocator;
  malloc_zone_batch_free(zone, blocks, count);
}

}  // namespace

MEMWATCH_REPLACE(malloc_zone_malloc, zone_malloc_hook);
MEMWATCH_REPLACE(malloc_zone_calloc, zone_calloc_hook);
MEMWATCH_REPLACE(malloc_zone_valloc, zone_valloc_hook);
MEMWATCH_REPLACE(malloc_zone_memalign, zone_memalign_hook);
MEMWATCH_REPLACE(malloc_zone_realloc, zone_realloc_hook);
MEMWATCH_REPLACE(malloc_zone_free, zone_free_hook);
MEMWATCH_REPLACE(malloc_zone_batch_malloc, zone_batch_malloc_hook);
MEMWATCH_REPLACE(malloc_zone_batch_free, zone_batch_free_hook);

}  // namespace memwatch::preload
