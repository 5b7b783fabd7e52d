#include "preload/heap_hooks.h"

#include <cstring>

#include "preload/options.h"

namespace memwatch::preload {

void* quickly_failed(Function function, size_t size, const CallSite& site) {
  take_back_count(size);
  return finish(function, nullptr, size, site);
}

void* recorded_malloc(size_t size, const CallSite& site) {
  const Plan plan = plan_call(Function::malloc_, size, site);
  if (plan == Plan::fail) return fail_for_lack_of_memory();
  if (plan == Plan::pass) {
    return are_real_functions_known() ? g_real.malloc(size) : bootstrap_allocate(size, 16);
  }
  void* block = nullptr;
  {
    const PassThrough real_allocator;
    block = g_real.malloc(size);
  }
  return finish(Function::malloc_, block, size, site);
}

void* move_from_bootstrap(void* block, size_t size, const CallSite& site) {
  const size_t old_size = bootstrap_size(block);
  void* moved = recorded_malloc(size, site);
  if (moved != nullptr) std::memcpy(moved, block, old_size < size ? old_size : size);
  return moved;
}

void recorded_free(void* block, const void* caller) {
  if (is_recording_call(caller)) {
    record_deallocation(Function::free_, block);
    const PassThrough real_allocator;
    g_real.free(block);
  } else if (g_real.free != nullptr) {
    g_real.free(block);
  }
}

void* reallocate(Function function, void* block, size_t size, const CallSite& site) {
  Reallocation reallocation(block);
  void* moved = nullptr;
  {
    const PassThrough real_allocator;
    if (size == 0 && g_options.replaces_allocator) [[unlikely]] {
      g_real.free(
          block);  // what libc does; mimalloc would return a block, which the program never frees
    } else {
      moved = g_real.realloc(block, size);
    }
  }
  if (moved != nullptr) {
    reallocation.succeeded(function, moved, size, site);
  } else if (size == 0) {
    reallocation.freed(function);
  } else {
    reallocation.failed(function, size, errno, site);
  }
  return moved;
}

}  // namespace memwatch::preload
