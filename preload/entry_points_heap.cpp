// The C allocation functions. Each calls the real one first (allocation) or records first (free):
// then no other thread can be seen to own a block before it was freed.
#include <errno.h>
#include <stdlib.h>

#include <cstring>

#include "preload/bootstrap_arena.h"
#include "preload/entry_points.h"
#include "preload/hook_caller.h"
#include "preload/operator_new.h"
#include "preload/options.h"
#include "preload/quick_path.h"
#include "preload/real_functions.h"
#include "preload/record.h"

using memwatch::Function;
namespace mw = memwatch::preload;

namespace {

// The real functions may be missing only while they are being looked up.
bool are_real_functions_known() {
  return mw::g_real.malloc != nullptr;
}

// After the real call of an allocation function.
inline void* finish(Function function, void* block, size_t size, const mw::CallSite& site) {
  if (block != nullptr) [[likely]] {
    mw::record_allocation(mw::is_inside_operator_new(site.pc) ? Function::operator_new : function,
                          block, size, site);
  } else if (!mw::is_inside_operator_new(site.pc)) {  // operator new has counted it already
    mw::record_failure(function, size, errno, site);
  }
  return block;
}

// What seldom happens in the quick paths is kept out of the hooks, so that these need hardly a
// register saved. Here: the real function has failed after all, errno is its.
[[gnu::noinline]] void* quickly_failed(Function function, size_t size, const mw::CallSite& site) {
  mw::take_back_count(size);
  return finish(function, nullptr, size, site);
}

// malloc and free that have to be recorded.
[[gnu::noinline]] void* recorded_malloc(size_t size, const mw::CallSite& site) {
  if (!mw::is_recording_call(site)) {
    return are_real_functions_known() ? mw::g_real.malloc(size) : mw::bootstrap_allocate(size, 16);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.malloc(size);
  }
  return finish(Function::malloc_, block, size, site);
}

// A block moved out of the bootstrap arena, whose blocks were never recorded: an allocation of its
// caller's.
[[gnu::noinline]] void* move_from_bootstrap(void* block, size_t size, const mw::CallSite& site) {
  const size_t old_size = mw::bootstrap_size(block);
  void* moved = recorded_malloc(size, site);
  if (moved != nullptr) std::memcpy(moved, block, old_size < size ? old_size : size);
  return moved;
}

[[gnu::noinline]] void recorded_free(void* block, const void* caller) {
  if (mw::is_recording_call(caller)) {
    mw::record_deallocation(Function::free_, block);
    const mw::PassThrough real_allocator;
    mw::g_real.free(block);
  } else if (mw::g_real.free != nullptr) {
    mw::g_real.free(block);
  }
}

void* reallocate(Function function, void* block, size_t size, const mw::CallSite& site) {
  mw::Reallocation reallocation(block);
  void* moved = nullptr;
  {
    const mw::PassThrough real_allocator;
    if (size == 0 && mw::g_options.replaces_allocator) [[unlikely]] {
      mw::g_real.free(
          block);  // what libc does; mimalloc would return a block, which the program never frees
    } else {
      moved = mw::g_real.realloc(block, size);
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

}  // namespace

MEMWATCH_EXPORT void* malloc(size_t size) noexcept {
  if (mw::needs_no_record(size)) {
    void* block = mw::g_real.malloc(size);
    if (block != nullptr) [[likely]] {
      return block;
    }
    return quickly_failed(Function::malloc_, size, MEMWATCH_CALL_SITE());
  }
  return recorded_malloc(size, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT void* calloc(size_t count, size_t size) noexcept {
  size_t product = 0;
  const bool overflows = __builtin_mul_overflow(count, size, &product);
  if (!overflows && mw::needs_no_record(product)) {
    void* block = mw::g_real.calloc(count, size);
    if (block != nullptr) [[likely]] {
      return block;
    }
    return quickly_failed(Function::calloc_, product, MEMWATCH_CALL_SITE());
  }
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.calloc(count, size);
    return overflows ? nullptr : mw::bootstrap_allocate(product, 16);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.calloc(count, size);
  }
  return finish(Function::calloc_, block, overflows ? SIZE_MAX : product, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT void free(void* block) noexcept {
  if (block == nullptr || mw::is_bootstrap_block(block)) return;
  if (mw::free_needs_no_record(block)) return mw::g_real.free(block);
  recorded_free(block, __builtin_return_address(0));
}

MEMWATCH_EXPORT void* realloc(void* block, size_t size) noexcept {
  if (block != nullptr && mw::is_bootstrap_block(block)) {
    return move_from_bootstrap(block, size, MEMWATCH_CALL_SITE());
  }
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.realloc(block, size);
    return mw::bootstrap_allocate(size, 16);
  }
  if (block != nullptr) return reallocate(Function::realloc_, block, size, MEMWATCH_CALL_SITE());
  void* fresh = nullptr;
  {
    const mw::PassThrough real_allocator;
    fresh = mw::g_real.realloc(nullptr, size);
  }
  return finish(Function::realloc_, fresh, size, MEMWATCH_CALL_SITE());
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
    return move_from_bootstrap(block, product, MEMWATCH_CALL_SITE());
  }
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.realloc(block, product);
    return mw::bootstrap_allocate(product, 16);
  }
  if (block != nullptr) {
    return reallocate(Function::reallocarray_, block, product, MEMWATCH_CALL_SITE());
  }
  void* fresh = nullptr;
  {
    const mw::PassThrough real_allocator;
    fresh = mw::g_real.realloc(nullptr, product);
  }
  return finish(Function::reallocarray_, fresh, product, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT int posix_memalign(void** place, size_t alignment, size_t size) noexcept {
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.posix_memalign(place, alignment, size);
    *place = mw::bootstrap_allocate(size, alignment);
    return *place != nullptr ? 0 : ENOMEM;
  }
  int error = 0;
  {
    const mw::PassThrough real_allocator;
    error = mw::g_real.posix_memalign(place, alignment, size);
  }
  if (error != 0) {
    mw::record_failure(Function::posix_memalign_, size, error, MEMWATCH_CALL_SITE());
  } else if (*place != nullptr) {
    mw::record_allocation(Function::posix_memalign_, *place, size, MEMWATCH_CALL_SITE());
  }
  return error;
}

MEMWATCH_EXPORT void* aligned_alloc(size_t alignment, size_t size) noexcept {
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.aligned_alloc(alignment, size);
    return mw::bootstrap_allocate(size, alignment);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.aligned_alloc(alignment, size);
  }
  return finish(Function::aligned_alloc_, block, size, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT void* memalign(size_t alignment, size_t size) noexcept {
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.memalign(alignment, size);
    return mw::bootstrap_allocate(size, alignment);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.memalign(alignment, size);
  }
  return finish(Function::memalign_, block, size, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT void* valloc(size_t size) noexcept {
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.valloc(size);
    return mw::bootstrap_allocate(size, 4096);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.valloc(size);
  }
  return finish(Function::valloc_, block, size, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT void* pvalloc(size_t size) noexcept {
  if (!MEMWATCH_IS_RECORDING_CALL()) {
    if (are_real_functions_known()) return mw::g_real.pvalloc(size);
    return mw::bootstrap_allocate(size, 4096);
  }
  void* block = nullptr;
  {
    const mw::PassThrough real_allocator;
    block = mw::g_real.pvalloc(size);
  }
  return finish(Function::pvalloc_, block, size, MEMWATCH_CALL_SITE());
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
