// The allocation functions memwatch knows, as one list: the shim tags records with these ids, the
// collector sums by them, reports print their C names. An id is part of the protocol: never reuse
// or reorder one; append, and bump kProtocolVersion (version.h).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace memwatch {

enum class Function : std::uint8_t {
  none = 0,
  malloc_ = 1,
  calloc_ = 2,
  realloc_ = 3,
  reallocarray_ = 4,
  free_ = 5,
  free_sized = 6,
  free_aligned_sized = 7,
  posix_memalign_ = 8,
  aligned_alloc_ = 9,
  memalign_ = 10,
  valloc_ = 11,
  pvalloc_ = 12,
  operator_new = 13,
  operator_delete = 14,
  mmap_ = 15,
  mmap64_ = 16,
  munmap_ = 17,
  mremap_ = 18,
  brk_ = 19,
  sbrk_ = 20,
};

inline constexpr std::size_t kFunctionCount = 21;  // ids 0 (none) to 20

// The name under which a function appears in JSON, e.g. "operator new"; "" for none or unknown.
constexpr std::string_view function_name(Function function) {
  constexpr std::array<std::string_view, kFunctionCount> kNames = {"",
                                                                   "malloc",
                                                                   "calloc",
                                                                   "realloc",
                                                                   "reallocarray",
                                                                   "free",
                                                                   "free_sized",
                                                                   "free_aligned_sized",
                                                                   "posix_memalign",
                                                                   "aligned_alloc",
                                                                   "memalign",
                                                                   "valloc",
                                                                   "pvalloc",
                                                                   "operator new",
                                                                   "operator delete",
                                                                   "mmap",
                                                                   "mmap64",
                                                                   "munmap",
                                                                   "mremap",
                                                                   "brk",
                                                                   "sbrk"};
  const auto index = static_cast<std::size_t>(function);
  return index < kNames.size() ? kNames[index] : std::string_view{};
}

constexpr bool is_deallocation(Function function) {
  return function == Function::free_ || function == Function::free_sized ||
         function == Function::free_aligned_sized || function == Function::operator_delete;
}

// Functions of pages rather than heap blocks.
constexpr bool is_mapping(Function function) {
  return function >= Function::mmap_ && function <= Function::sbrk_;
}

}  // namespace memwatch
