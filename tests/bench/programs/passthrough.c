/* The yardstick: an interposer that hands every allocation function on to the next library and does
 * nothing else. What it costs is what any preloaded tracer must cost; the rest is the tracer's own.
 *
 * Any thread, from before the first constructor on. The real functions are looked up at the first
 * call; a calloc in the middle of that look-up gets NULL, which dlsym copes with. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#define EXPORTED __attribute__((visibility("default")))
#define UNLIKELY(condition) __builtin_expect((condition), 0)

/* name, what it returns, its parameters, the arguments passed on */
#define HANDED_ON(what)                                                                            \
  what(malloc, void*, (size_t size), (size))                                                       \
      what(calloc, void*, (size_t count, size_t size), (count, size))                              \
          what(realloc, void*, (void* block, size_t size), (block, size)) what(                    \
              reallocarray, void*, (void* block, size_t count, size_t size), (block, count, size)) \
              what(memalign, void*, (size_t alignment, size_t size), (alignment, size))            \
                  what(aligned_alloc, void*, (size_t alignment, size_t size), (alignment, size))   \
                      what(valloc, void*, (size_t size), (size))                                   \
                          what(pvalloc, void*, (size_t size), (size))

#define REAL(name, type, parameters, arguments) static type(*real_##name) parameters;
HANDED_ON(REAL)
static int (*real_posix_memalign)(void**, size_t, size_t);
static void (*real_free)(void*);
static int g_looking_up;

/* dlsym returns an object pointer; POSIX guarantees that it may be turned into a function's. */
static void find(const char* name, void* variable) {
  *(void**)variable = dlsym(RTLD_NEXT, name);
}

__attribute__((noinline)) static void find_real_functions(void) {
  if (g_looking_up) return;
  g_looking_up = 1;
#define FIND(name, type, parameters, arguments) find(#name, &real_##name);
  HANDED_ON(FIND)
  find("posix_memalign", &real_posix_memalign);
  find("free", &real_free);
  g_looking_up = 0;
}

#define HAND_ON(name, type, parameters, arguments) \
  EXPORTED type name parameters {                  \
    if (UNLIKELY(real_##name == NULL)) {           \
      find_real_functions();                       \
      if (real_##name == NULL) return NULL;        \
    }                                              \
    return real_##name arguments;                  \
  }
HANDED_ON(HAND_ON)

EXPORTED int posix_memalign(void** block, size_t alignment, size_t size) {
  if (UNLIKELY(real_posix_memalign == NULL)) {
    find_real_functions();
    if (real_posix_memalign == NULL) return ENOMEM;
  }
  return real_posix_memalign(block, alignment, size);
}

EXPORTED void free(void* block) {
  if (UNLIKELY(real_free == NULL)) {
    find_real_functions();
    if (real_free == NULL) return;
  }
  real_free(block);
}
