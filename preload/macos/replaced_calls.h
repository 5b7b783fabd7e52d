// A replacement's three steps, where the real call is more than one of the usual heap functions.
// Part of the replacement itself, for the caller is told by its own frame.
#pragma once

#include "preload/heap_hooks.h"

namespace memwatch::preload {

template <typename Call>
MEMWATCH_HOOK void* allocated_by(Function function, size_t size, Call real) {
  if (!MEMWATCH_IS_RECORDING_CALL()) return real();
  void* block = nullptr;
  {
    const PassThrough real_allocator;
    block = real();
  }
  return finish(function, block, size, MEMWATCH_CALL_SITE());
}

template <typename Call>
MEMWATCH_HOOK int placed_by(size_t size, void** place, Call real) {
  if (!MEMWATCH_IS_RECORDING_CALL()) return real();
  int error = 0;
  {
    const PassThrough real_allocator;
    error = real();
  }
  if (error != 0) {
    record_failure(Function::posix_memalign_, size, error, MEMWATCH_CALL_SITE());
  } else if (*place != nullptr) {
    record_allocation(Function::posix_memalign_, *place, size, MEMWATCH_CALL_SITE());
  }
  return error;
}

template <typename Call>
MEMWATCH_HOOK void freed_by(void* block, Call real) {
  if (block == nullptr || !MEMWATCH_IS_RECORDING_CALL()) return real();
  record_deallocation(Function::free_, block);
  const PassThrough real_allocator;
  real();
}

// What happens to the old block where there is no new one.
enum class OldBlock : std::uint8_t { lives_on, freed };

template <typename Call>
MEMWATCH_HOOK void* reallocated_by(void* block, size_t size, OldBlock on_failure, Call real) {
  if (!MEMWATCH_IS_RECORDING_CALL()) return real();
  if (block == nullptr) return allocated_by(Function::realloc_, size, real);
  void* moved = nullptr;
  {
    Reallocation reallocation(block);
    {
      const PassThrough real_allocator;
      moved = real();
    }
    if (moved != nullptr) {
      reallocation.succeeded(Function::realloc_, moved, size, MEMWATCH_CALL_SITE());
    } else if (on_failure == OldBlock::freed) {
      reallocation.freed(Function::realloc_);
    } else {
      reallocation.failed(Function::realloc_, size, errno, MEMWATCH_CALL_SITE());
    }
  }
  if (moved == nullptr && on_failure == OldBlock::freed) {
    record_failure(Function::realloc_, size, errno, MEMWATCH_CALL_SITE());
  }
  return moved;
}

inline size_t product_or_most(size_t count, size_t size) {
  size_t product = 0;
  return __builtin_mul_overflow(count, size, &product) ? SIZE_MAX : product;
}

}  // namespace memwatch::preload
