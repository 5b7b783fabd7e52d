#include "preload/real_functions.h"

#include <dlfcn.h>

#include "preload/thread_local_state.h"

namespace memwatch::preload {

constinit RealFunctions g_real{};

namespace {

template <typename F>
void find(F& function, const char* name) {
  if (function == nullptr) function = reinterpret_cast<F>(next_definition(name));
}

}  // namespace

void* next_definition(const char* name) { return dlsym(RTLD_NEXT, name); }

void look_up_real_functions() {
  const PassThrough dlsym_may_allocate;
  // free last: as long as it is unknown, frees are of bootstrap memory and are ignored.
  find(g_real.calloc, "calloc");
  find(g_real.realloc, "realloc");
  find(g_real.reallocarray, "reallocarray");
  find(g_real.free_sized, "free_sized");
  find(g_real.free_aligned_sized, "free_aligned_sized");
  find(g_real.posix_memalign, "posix_memalign");
  find(g_real.aligned_alloc, "aligned_alloc");
  find(g_real.memalign, "memalign");
  find(g_real.valloc, "valloc");
  find(g_real.pvalloc, "pvalloc");
  find(g_real.malloc_usable_size, "malloc_usable_size");
  find(g_real.mmap, "mmap");
  find(g_real.mmap64, "mmap64");
  find(g_real.munmap, "munmap");
  find(g_real.mremap, "mremap");
  find(g_real.brk, "brk");
  find(g_real.sbrk, "sbrk");
  find(g_real.free, "free");
  find(g_real.malloc, "malloc");
}

}  // namespace memwatch::preload
