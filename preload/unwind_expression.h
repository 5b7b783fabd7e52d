// DWARF expressions in unwind rules (DWARF 5, section 2.5): the few operations compilers and
// hand-written assembly use there. Reads memory only through a ReadableRange.
#pragma once

#include <cstdint>

#include "preload/readable_memory.h"
#include "preload/unwind_cfi.h"

namespace memwatch::preload {

// Register contents during a walk; only those marked in `known` may be used.
struct Registers {
  std::uint64_t value[kRegisters];
  std::uint32_t known;  // bit per register

  [[nodiscard]] bool has(unsigned number) const { return ((known >> number) & 1) != 0; }
  void set(unsigned number, std::uint64_t to) {
    value[number] = to;
    known |= 1U << number;
  }
  void forget(unsigned number) { known &= ~(1U << number); }
};

// Evaluates with `initial` on the stack first when `has_initial`. False: an unknown operation, an
// unknown register, unreadable memory or a bad stack.
bool evaluate_expression(const Expression& expression, const Registers& registers,
                         ReadableRange& memory, bool has_initial, std::uint64_t initial,
                         std::uint64_t* result);

}  // namespace memwatch::preload
