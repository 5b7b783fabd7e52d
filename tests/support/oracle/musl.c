/* musl has no second names for its allocation functions, as glibc has: here they are made, for an
 * oracle that is built for musl alone. Its calloc and valloc come back through the names that the
 * oracle stands in front of, so they are made of functions that do not. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define REAL(name) ((__typeof__(&(name)))real(#name))

void* malloc(size_t);
void* realloc(void*, size_t);
void* aligned_alloc(size_t, size_t);
void free(void*);

static void* real(const char* name) {
  return dlsym(RTLD_NEXT, name);
}

void* __libc_malloc(size_t size) {
  return REAL(malloc)(size);
}

void* __libc_realloc(void* block, size_t size) {
  return REAL(realloc)(block, size);
}

void __libc_free(void* block) {
  REAL(free)(block);
}

void* __libc_memalign(size_t alignment, size_t size) {
  return REAL(aligned_alloc)(alignment, size);
}

void* __libc_calloc(size_t count, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = (size_t)-1;
  void* block = __libc_malloc(bytes);
  return block != NULL ? memset(block, 0, bytes) : NULL;
}

void* __libc_valloc(size_t size) {
  return __libc_memalign(4096, size);
}

void* __libc_pvalloc(size_t size) {
  return __libc_memalign(4096, (size + 4095) / 4096 * 4096);
}
