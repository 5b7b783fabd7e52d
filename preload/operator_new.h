// C++ operator new and delete. Where the next definition is a standard library's own (libstdc++,
// libc++), new is malloc and delete is free by another name, and the hooks call those directly, so
// each call is counted once under its own name and nothing has to be unwound when one throws. Where
// a program or an allocator brings its own, the hooks forward to that and record only what it does
// not already do through malloc.
#pragma once

#include <cstdint>

#include "preload/real_functions.h"

namespace memwatch::preload {

// Is this code address in the standard library's operator new? Its calls of malloc happen only
// after the hook's own attempt has failed and was counted.
inline bool is_inside_operator_new(std::uintptr_t pc) {
  constexpr std::uintptr_t kMaxFunctionBytes = 256;
  const auto contains = [pc](auto function) {
    const auto start = reinterpret_cast<std::uintptr_t>(function);
    return start != 0 && pc > start && pc - start < kMaxFunctionBytes;
  };
  return contains(g_real_operators.new_w) || contains(g_real_operators.new_w_aligned);
}

}  // namespace memwatch::preload
