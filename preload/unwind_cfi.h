// Call-frame information: finds the rules by which a function's caller is recovered, in the
// module's own .eh_frame, as the System V ABI and DWARF 5 (section 6.4) define them. Reads only the
// module's mapping, and believes none of its lengths and offsets; takes no lock and allocates
// nothing. Slow (a binary search and an interpreter), so results are cached per pc.
#pragma once

#include <cstdint>

#include "preload/processor.h"

namespace memwatch::preload {

enum class RegisterRule : std::uint8_t {
  same,              // unchanged in the caller (also what is said of registers never mentioned)
  undefined,         // cannot be recovered; of the return address: there is no caller
  offset,            // saved at CFA + value
  value,             // is CFA + value
  other,             // is in register `value`
  expression,        // saved at the address the expression gives
  value_expression,  // is what the expression gives
};

struct Expression {
  const std::uint8_t* bytes;
  std::uint32_t size;
};

struct CfiRow {
  bool cfa_is_expression;
  std::uint8_t cfa_register;
  std::int64_t cfa_offset;
  Expression cfa_expression;
  RegisterRule rules[kRegisters];
  std::int64_t values[kRegisters];
  Expression expressions[kRegisters];
  bool signal_frame;
};

enum class CfiResult : std::uint8_t { found, no_information, malformed };

// The row that holds at `pc` (for a return address pass the address of the call, pc − 1).
CfiResult find_cfi_row(std::uintptr_t pc, CfiRow* row);

// A module's tables: its .eh_frame_hdr, and the memory outside of which nothing is read, whatever
// the tables say.
struct UnwindTables {
  const std::uint8_t* header;
  const std::uint8_t *start, *end;
};

// The same, in these tables.
CfiResult find_cfi_row_in(const UnwindTables& tables, std::uintptr_t pc, CfiRow* row);

}  // namespace memwatch::preload
