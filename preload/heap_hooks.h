// What the hooks of the heap functions do, whatever makes a call of the program's come here:
// exported functions of the same names (entry_points_heap.cpp), or dyld's table of replacements
// (macos/entry_points_heap.cpp). Each calls the real function first (allocation) or records first
// (free): then no other thread can be seen to own a block before it was freed.
//
// All of them are part of the exported function that uses them: who called it is told by its own
// frame. What seldom happens in the quick paths is kept out of it, so that it needs hardly a
// register saved. Any thread, any signal handler, any moment.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/bootstrap_arena.h"
#include "preload/hook_caller.h"
#include "preload/operator_new.h"
#include "preload/quick_path.h"
#include "preload/real_functions.h"
#include "preload/record.h"

// Into the exported function.
#define MEMWATCH_HOOK [[gnu::always_inline]] inline

namespace memwatch::preload {

// The real functions may be missing only while they are being looked up.
inline bool are_real_functions_known() {
  return g_real.malloc != nullptr;
}

// After the real call of an allocation function.
inline void* finish(Function function, void* block, size_t size, const CallSite& site) {
  if (block != nullptr) [[likely]] {
    record_allocation(is_inside_operator_new(site.pc) ? Function::operator_new : function, block,
                      size, site);
  } else if (!is_inside_operator_new(site.pc)) {  // operator new has counted it already
    record_failure(function, size, errno, site);
  }
  return block;
}

// A call that was made to fail and is recorded: as the C functions say that there is no memory.
inline void* fail_for_lack_of_memory() {
  errno = ENOMEM;
  return nullptr;
}

// The real function of a quick path has failed after all, errno is its.
void* quickly_failed(Function function, size_t size, const CallSite& site);

// malloc and free that have to be recorded.
void* recorded_malloc(size_t size, const CallSite& site);
void recorded_free(void* block, const void* caller);

// A block moved out of the bootstrap arena, whose blocks were never recorded: an allocation of its
// caller's.
void* move_from_bootstrap(void* block, size_t size, const CallSite& site);

// The real realloc, of a block.
void* reallocate(Function function, void* block, size_t size, const CallSite& site);

MEMWATCH_HOOK void* hooked_malloc(size_t size) {
  if (needs_no_record(size)) {
    void* block = g_real.malloc(size);
    if (block != nullptr) [[likely]] {
      return block;
    }
    return quickly_failed(Function::malloc_, size, MEMWATCH_CALL_SITE());
  }
  return recorded_malloc(size, MEMWATCH_CALL_SITE());
}

MEMWATCH_HOOK void* hooked_calloc(size_t count, size_t size) {
  size_t product = 0;
  const bool overflows = __builtin_mul_overflow(count, size, &product);
  if (!overflows && needs_no_record(product)) {
    void* block = g_real.calloc(count, size);
    if (block != nullptr) [[likely]] {
      return block;
    }
    return quickly_failed(Function::calloc_, product, MEMWATCH_CALL_SITE());
  }
  const Plan plan =
      plan_call(Function::calloc_, overflows ? SIZE_MAX : product, MEMWATCH_CALL_SITE());
  if (plan == Plan::fail) return fail_for_lack_of_memory();
  if (plan == Plan::pass) {
    if (are_real_functions_known()) return g_real.calloc(count, size);
    return overflows ? nullptr : bootstrap_allocate(product, 16);
  }
  void* block = nullptr;
  {
    const PassThrough real_allocator;
    block = g_real.calloc(count, size);
  }
  return finish(Function::calloc_, block, overflows ? SIZE_MAX : product, MEMWATCH_CALL_SITE());
}

MEMWATCH_HOOK void hooked_free(void* block) {
  if (block == nullptr || is_bootstrap_block(block)) return;
  if (free_needs_no_record(block)) return g_real.free(block);
  recorded_free(block, __builtin_return_address(0));
}

MEMWATCH_HOOK void* hooked_realloc(void* block, size_t size) {
  if (block != nullptr && is_bootstrap_block(block)) {
    return move_from_bootstrap(block, size, MEMWATCH_CALL_SITE());
  }
  const Plan plan = plan_call(Function::realloc_, size, MEMWATCH_CALL_SITE());
  if (plan == Plan::fail) return fail_for_lack_of_memory();
  if (plan == Plan::pass) {
    if (are_real_functions_known()) return g_real.realloc(block, size);
    return bootstrap_allocate(size, 16);
  }
  if (block != nullptr) return reallocate(Function::realloc_, block, size, MEMWATCH_CALL_SITE());
  void* fresh = nullptr;
  {
    const PassThrough real_allocator;
    fresh = g_real.realloc(nullptr, size);
  }
  return finish(Function::realloc_, fresh, size, MEMWATCH_CALL_SITE());
}

MEMWATCH_HOOK int hooked_posix_memalign(void** place, size_t alignment, size_t size) {
  const Plan plan = plan_call(Function::posix_memalign_, size, MEMWATCH_CALL_SITE());
  if (plan == Plan::fail) return ENOMEM;  // leaves errno and the place alone
  if (plan == Plan::pass) {
    if (are_real_functions_known()) return g_real.posix_memalign(place, alignment, size);
    *place = bootstrap_allocate(size, alignment);
    return *place != nullptr ? 0 : ENOMEM;
  }
  int error = 0;
  {
    const PassThrough real_allocator;
    error = g_real.posix_memalign(place, alignment, size);
  }
  if (error != 0) {
    record_failure(Function::posix_memalign_, size, error, MEMWATCH_CALL_SITE());
  } else if (*place != nullptr) {
    record_allocation(Function::posix_memalign_, *place, size, MEMWATCH_CALL_SITE());
  }
  return error;
}

MEMWATCH_HOOK void* hooked_aligned_alloc(size_t alignment, size_t size) {
  const Plan plan = plan_call(Function::aligned_alloc_, size, MEMWATCH_CALL_SITE());
  if (plan == Plan::fail) return fail_for_lack_of_memory();
  if (plan == Plan::pass) {
    if (are_real_functions_known()) return g_real.aligned_alloc(alignment, size);
    return bootstrap_allocate(size, alignment);
  }
  void* block = nullptr;
  {
    const PassThrough real_allocator;
    block = g_real.aligned_alloc(alignment, size);
  }
  return finish(Function::aligned_alloc_, block, size, MEMWATCH_CALL_SITE());
}

MEMWATCH_HOOK void* hooked_valloc(size_t size) {
  const Plan plan = plan_call(Function::valloc_, size, MEMWATCH_CALL_SITE());
  if (plan == Plan::fail) return fail_for_lack_of_memory();
  if (plan == Plan::pass) {
    if (are_real_functions_known()) return g_real.valloc(size);
    return bootstrap_allocate(size, 4096);
  }
  void* block = nullptr;
  {
    const PassThrough real_allocator;
    block = g_real.valloc(size);
  }
  return finish(Function::valloc_, block, size, MEMWATCH_CALL_SITE());
}

}  // namespace memwatch::preload
