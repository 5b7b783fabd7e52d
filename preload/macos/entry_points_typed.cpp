// The heap functions with a type, which newer compilers for macOS call in the place of malloc and
// its relatives, and newer systems' libraries use throughout. Declared here, since headers say that
// macOS does not have them; systems before 14 do not, and dyld passes over pairs of absent
// functions. Source of the prototypes: <malloc/_malloc_type.h>.
#include <malloc/malloc.h>

#include "preload/macos/interpose.h"
#include "preload/macos/replaced_calls.h"

#define MEMWATCH_TYPED(name) __asm("_" name) __attribute__((weak_import))

namespace memwatch::preload {

namespace {

using Type = unsigned long long;

}  // namespace

extern "C" {
void* memwatch_typed_malloc(size_t, Type) MEMWATCH_TYPED("malloc_type_malloc");
void* memwatch_typed_calloc(size_t, size_t, Type) MEMWATCH_TYPED("malloc_type_calloc");
void memwatch_typed_free(void*, Type) MEMWATCH_TYPED("malloc_type_free");
void* memwatch_typed_realloc(void*, size_t, Type) MEMWATCH_TYPED("malloc_type_realloc");
void* memwatch_typed_valloc(size_t, Type) MEMWATCH_TYPED("malloc_type_valloc");
void* memwatch_typed_aligned_alloc(size_t, size_t, Type)
    MEMWATCH_TYPED("malloc_type_aligned_alloc");
int memwatch_typed_memalign(void**, size_t, size_t, Type)
    MEMWATCH_TYPED("malloc_type_posix_memalign");
void* memwatch_typed_zone_malloc(malloc_zone_t*, size_t, Type)
    MEMWATCH_TYPED("malloc_type_zone_malloc");
void* memwatch_typed_zone_calloc(malloc_zone_t*, size_t, size_t, Type)
    MEMWATCH_TYPED("malloc_type_zone_calloc");
void memwatch_typed_zone_free(malloc_zone_t*, void*, Type) MEMWATCH_TYPED("malloc_type_zone_free");
void* memwatch_typed_zone_realloc(malloc_zone_t*, void*, size_t, Type)
    MEMWATCH_TYPED("malloc_type_zone_realloc");
void* memwatch_typed_zone_valloc(malloc_zone_t*, size_t, Type)
    MEMWATCH_TYPED("malloc_type_zone_valloc");
void* memwatch_typed_zone_memalign(malloc_zone_t*, size_t, size_t, Type)
    MEMWATCH_TYPED("malloc_type_zone_memalign");
}

namespace {

void* typed_malloc_hook(size_t size, Type type) {
  return allocated_by(Function::malloc_, size, [=] { return memwatch_typed_malloc(size, type); });
}

void* typed_calloc_hook(size_t count, size_t size, Type type) {
  return allocated_by(Function::calloc_, product_or_most(count, size),
                      [=] { return memwatch_typed_calloc(count, size, type); });
}

void typed_free_hook(void* block, Type type) {
  freed_by(block, [=] { memwatch_typed_free(block, type); });
}

void* typed_realloc_hook(void* block, size_t size, Type type) {
  return reallocated_by(block, size, OldBlock::lives_on,
                        [=] { return memwatch_typed_realloc(block, size, type); });
}

void* typed_valloc_hook(size_t size, Type type) {
  return allocated_by(Function::valloc_, size, [=] { return memwatch_typed_valloc(size, type); });
}

void* typed_aligned_alloc_hook(size_t alignment, size_t size, Type type) {
  return allocated_by(Function::aligned_alloc_, size,
                      [=] { return memwatch_typed_aligned_alloc(alignment, size, type); });
}

int typed_memalign_hook(void** place, size_t alignment, size_t size, Type type) {
  return placed_by(size, place,
                   [=] { return memwatch_typed_memalign(place, alignment, size, type); });
}

void* typed_zone_malloc_hook(malloc_zone_t* zone, size_t size, Type type) {
  return allocated_by(Function::malloc_, size,
                      [=] { return memwatch_typed_zone_malloc(zone, size, type); });
}

void* typed_zone_calloc_hook(malloc_zone_t* zone, size_t count, size_t size, Type type) {
  return allocated_by(Function::calloc_, product_or_most(count, size),
                      [=] { return memwatch_typed_zone_calloc(zone, count, size, type); });
}

void typed_zone_free_hook(malloc_zone_t* zone, void* block, Type type) {
  freed_by(block, [=] { memwatch_typed_zone_free(zone, block, type); });
}

void* typed_zone_realloc_hook(malloc_zone_t* zone, void* block, size_t size, Type type) {
  return reallocated_by(block, size, OldBlock::lives_on,
                        [=] { return memwatch_typed_zone_realloc(zone, block, size, type); });
}

void* typed_zone_valloc_hook(malloc_zone_t* zone, size_t size, Type type) {
  return allocated_by(Function::valloc_, size,
                      [=] { return memwatch_typed_zone_valloc(zone, size, type); });
}

void* typed_zone_memalign_hook(malloc_zone_t* zone, size_t alignment, size_t size, Type type) {
  return allocated_by(Function::memalign_, size,
                      [=] { return memwatch_typed_zone_memalign(zone, alignment, size, type); });
}

}  // namespace

MEMWATCH_REPLACE(memwatch_typed_malloc, typed_malloc_hook);
MEMWATCH_REPLACE(memwatch_typed_calloc, typed_calloc_hook);
MEMWATCH_REPLACE(memwatch_typed_free, typed_free_hook);
MEMWATCH_REPLACE(memwatch_typed_realloc, typed_realloc_hook);
MEMWATCH_REPLACE(memwatch_typed_valloc, typed_valloc_hook);
MEMWATCH_REPLACE(memwatch_typed_aligned_alloc, typed_aligned_alloc_hook);
MEMWATCH_REPLACE(memwatch_typed_memalign, typed_memalign_hook);
MEMWATCH_REPLACE(memwatch_typed_zone_malloc, typed_zone_malloc_hook);
MEMWATCH_REPLACE(memwatch_typed_zone_calloc, typed_zone_calloc_hook);
MEMWATCH_REPLACE(memwatch_typed_zone_free, typed_zone_free_hook);
MEMWATCH_REPLACE(memwatch_typed_zone_realloc, typed_zone_realloc_hook);
MEMWATCH_REPLACE(memwatch_typed_zone_valloc, typed_zone_valloc_hook);
MEMWATCH_REPLACE(memwatch_typed_zone_memalign, typed_zone_memalign_hook);

}  // namespace memwatch::preload
