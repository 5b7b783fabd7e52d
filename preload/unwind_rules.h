// Unwind rules in eight bytes, cached per pc. Nearly every function's caller is found by: CFA = sp
// or fp + offset, return address at CFA − 8, fp unchanged or saved near the CFA. Such a rule, its
// pc included, fits one word, so the cache is an array of words that any thread reads and writes
// without synchronisation: a word is either a whole valid rule or a miss.
//
//   63                    25 24      18 17            5 4   3 2    0
//  |  rest of the pc's hash |  fp slot |  CFA offset/8 |  fp |  kind |
//
// The hash (pc · odd mod 2^55) is one-to-one, its other 16 bits are the index, so a match is exact.
#pragma once

#include <cstdint>

namespace memwatch::preload {

enum class RuleKind : std::uint8_t {
  none = 0,       // no cached rule
  sp_based = 1,   // CFA = sp + offset
  fp_based = 2,   // CFA = fp + offset
  outermost = 3,  // this frame has no caller
  no_cfi = 4,     // no unwind information: the frame pointer may help
  complex = 5,    // needs the full interpreter
};

struct UnwindRule {
  RuleKind kind;
  bool fp_saved;               // the caller's fp is at CFA − fp_below_cfa
  std::uint32_t fp_below_cfa;  // bytes, multiple of 8, at most 1016
  std::uint32_t cfa_offset;    // bytes, multiple of 8, below 65536
};

// The rule for the code at `pc` (of a return address: the call's, pc − 1). Fills the cache.
UnwindRule find_rule(std::uintptr_t pc);

// Empties the cache: code was unloaded, its addresses may come back with other meaning.
void forget_rules();

}  // namespace memwatch::preload
