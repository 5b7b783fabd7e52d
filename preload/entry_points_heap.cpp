// The C allocation functions, under their own names.
#include <errno.h>
#include <stdlib.h>

#include "preload/bootstrap_arena.h"
#include "preload/entry_points.h"
#include "preload/heap_hooks.h"
#include "preload/real_functions.h"
#include "preload/record.h"

using memwatch::Function;
namespace mw = memwatch::preload;

MEMWATCH_EXPORT void* malloc(size_t size) noexcept {
  return mw::hooked_malloc(size);
}

MEMWATCH_EXPORT void* calloc(size_t count, size_t size) noexcept {
  return mw::hooked_calloc(count, size);
}

MEMWATCH_EXPORT void free(void* block) noexcept {
  mw::hooked_free(block);
}

MEMWATCH_EXPORT void* realloc(void* block, size_t size) noexcept {
  return mw::hooked_realloc(block, size);
}

MEMWATCH_EXPORT void* reallocarray(void* block, size_t count, size_t size) noexcept {
  size_t product = 0;
  if (__builtin_mul_overflow(count, size, &product)) {
    if (MEMWATCH_IS_RECORDING_CALL()) {
      mw::record_failure(Function::reallocarray_, SIZE_MAX, ENOMEM, MEMWATCH_CALL_SITE());
    }
    errno = ENOMEM;
    return nullptr;
  }
  if (block != nullptr && mw::is_bootstrap_block(block)) {
    return mw::move_from_bootstrap(block, product, MEMWATCH_CALL_SITE());
  }
  const mw::Plan plan = mw::plan_call(Function::reallocarray_, product, MEMWATCH_CALL_SITE());
  if (plan == mw::Plan::fail) return mw::fail_for_lack_of_memory();
  if (plan == mw::Plan::pass) {
    if (mw::are_real_functions_known()) return mw::g_real.realloc(block, product);
    return mw::bootstrap_allocate(product, 16);
  }
  if (block != nullptr) {
    return mw::reallocate(Function::reallocarray_, block, product, MEMWATCH_CALL_SITE());
  }
  void* fresh = nullptr;
  {
    const mw::PassThrough real_allocator;
    fresh = mw::g_real.realloc(nullptr, product);
  }
  return mw::finish(Function::reallocarray_, fresh, product, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT int posix_memalign(void** place, size_t alignment, size_t size) noexcept {
  return mw::hooked_posix_memalign(place, alignment, size);
}

MEMWATCH_EXPORT void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return mw::hooked_aligned_alloc(alignment, size);
}

MEMWATCH_EXPORT void* memalign(size_t alignment, size_t size) noexcept {
  const mw::Plan plan = mw::plan_call(Function::memalign_, size, MEMWATCH_CALL_SITE());
  if (plan == mw::Plan::fail) return mw::fail_for_lack_of_memory();
  if (plan == mw::Plan::pass) {
    if (mw::are_real_functions_known()) return mw::g_real.memalign(alignment, size);
    return mw::bootstrap_allocate(size, alignment);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.memalign(alignment, size);
  }
  return mw::finish(Function::memalign_, block, size, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT void* valloc(size_t size) noexcept {
  return mw::hooked_valloc(size);
}

MEMWATCH_EXPORT void* pvalloc(size_t size) noexcept {
  const mw::Plan plan = mw::plan_call(Function::pvalloc_, size, MEMWATCH_CALL_SITE());
  if (plan == mw::Plan::fail) return mw::fail_for_lack_of_memory();
  if (plan == mw::Plan::pass) {
    if (mw::are_real_functions_known()) return mw::g_real.pvalloc(size);
    return mw::bootstrap_allocate(size, 4096);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.pvalloc(size);
  }
  return mw::finish(Function::pvalloc_, block, size, MEMWATCH_CALL_SITE());
}

// C23. Libc versions without them define free only, which these are allowed to be.
MEMWATCH_EXPORT void free_sized(void* block, size_t size) noexcept {
  if (block == nullptr || mw::is_bootstrap_block(block)) return;
  if (MEMWATCH_IS_RECORDING_CALL()) mw::record_deallocation(Function::free_sized, block);
  const mw::PassThrough real_allocator;
  if (mw::g_real.free_sized != nullptr) {
    mw::g_real.free_sized(block, size);
  } else if (mw::g_real.free != nullptr) {
    mw::g_real.free(block);
  }
}

MEMWATCH_EXPORT void free_aligned_sized(void* block, size_t alignment, size_t size) noexcept {
  if (block == nullptr || mw::is_bootstrap_block(block)) return;
  if (MEMWATCH_IS_RECORDING_CALL()) mw::record_deallocation(Function::free_aligned_sized, block);
  const mw::PassThrough real_allocator;
  if (mw::g_real.free_aligned_sized != nullptr) {
    mw::g_real.free_aligned_sized(block, alignment, size);
  } else if (mw::g_real.free != nullptr) {
    mw::g_real.free(block);
  }
}

MEMWATCH_EXPORT size_t malloc_usable_size(void* block) noexcept {
  if (block == nullptr) return 0;
  if (mw::is_bootstrap_block(block)) return mw::bootstrap_size(block);
  if (mw::g_real.malloc_usable_size == nullptr) mw::is_recording();  // starts the process
  return mw::g_real.malloc_usable_size != nullptr ? mw::g_real.malloc_usable_size(block) : 0;
}
