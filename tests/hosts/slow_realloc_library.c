/* An allocator's realloc in which a thread may stay for ever: 4711 bytes, and it never returns. */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

atomic_int slow_realloc_entered;

void* realloc(void* block, size_t size) {
  static void* (*real)(void*, size_t);
  if (real == NULL) real = (void* (*)(void*, size_t))dlsym(RTLD_NEXT, "realloc");
  if (size == 4711) {
    atomic_store(&slow_realloc_entered, 1);
    for (;;) pause();
  }
  return real(block, size);
}
