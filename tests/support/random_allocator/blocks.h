// Heap blocks through every entry point of C and C++, chosen by a generator. Every block carries a
// mark in its first and last byte, checked before it goes, so a tracer that damaged memory is
// caught. Called by the workers; a block may be used by another thread than the one that made it,
// one at a time. Errors: a damaged block or an unexpected null ends the program with a message,
// status 90.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/support/random_allocator/random.h"

namespace memwatch::random_allocator {

// How a block must be given back.
enum class Family : std::uint8_t { c, c_aligned, plain_new, array_new, aligned_new, aligned_array };

struct Block {
  void* address = nullptr;
  std::size_t size = 0;
  std::size_t alignment = 0;
  Family family = Family::c;
};

Block allocate(Random& random);
void release(const Block& block, Random& random);
// For blocks of the C family. To size zero, which frees it, the result has a null address.
Block reallocate(const Block& block, Random& random);

[[noreturn]] void give_up(const char* what);

}  // namespace memwatch::random_allocator
