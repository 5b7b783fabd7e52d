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

#include <atomic>
#include <cstdint>

#include "preload/unwind_cfi.h"

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

// The cache itself: 512 KiB of zero pages, touched as code is met.
inline constexpr unsigned kRuleHashBits = 55;
inline constexpr unsigned kRuleIndexBits = 16;
inline constexpr unsigned kRuleTagBits = kRuleHashBits - kRuleIndexBits;
inline constexpr unsigned kRuleTagShift = 64 - kRuleTagBits;
inline constexpr std::uint64_t kRuleOdd = 0x5a2d6b1f9e3779ULL;  // any odd number with mixed bits
static_assert(kRuleTagShift == 25 && (kRuleOdd & 1) == 1);
extern std::atomic<std::uint64_t> g_rule_cache[1U << kRuleIndexBits];

// A cached rule as the word it is.
class PackedRule {
 public:
  explicit PackedRule(std::uint64_t word) : word_(word) {}

  // What is cached for the code at `pc`; not usual where nothing is.
  static PackedRule cached_for(std::uintptr_t pc) {
    const std::uint64_t hash = (pc * kRuleOdd) & ((1ULL << kRuleHashBits) - 1);
    const std::uint64_t tag = hash & ((1ULL << kRuleTagBits) - 1);
    // Relaxed: the word is the whole truth, nothing else is read through it.
    const std::uint64_t word = g_rule_cache[hash >> kRuleTagBits].load(std::memory_order_relaxed);
    return PackedRule(word >> kRuleTagShift == tag ? word : 0);
  }

  [[nodiscard]] RuleKind kind() const { return static_cast<RuleKind>(word_ & 7); }
  [[nodiscard]] bool is_usual() const { return (word_ & 7) - 1 < 2; }  // sp_based or fp_based
  [[nodiscard]] bool is_sp_based() const { return (word_ & 7) == 1; }
  [[nodiscard]] bool fp_saved() const { return ((word_ >> 3) & 1) != 0; }
  [[nodiscard]] std::uint32_t cfa_offset() const {
    return static_cast<std::uint32_t>(word_ >> 2) & 0xfff8U;
  }
  // 0 where fp is not saved.
  [[nodiscard]] std::uint32_t fp_below_cfa() const {
    return static_cast<std::uint32_t>(word_ >> 15) & 0x3f8U;
  }

 private:
  std::uint64_t word_;
};

// The rule for the code at `pc` (of a return address: the call's, pc − 1). Fills the cache.
UnwindRule find_rule(std::uintptr_t pc);

// A row as the rule it amounts to; complex where it is no such rule.
UnwindRule rule_of(const CfiRow& row);

// Empties the cache: code was unloaded, its addresses may come back with other meaning.
void forget_rules();

}  // namespace memwatch::preload
