// Unwind rules in eight bytes, cached per pc. Nearly every function's caller is found by a usual
// rule (packed_rule_*.h has what that is on each processor). Such a rule, its pc included, fits one
// word, so the cache is an array of words that any thread reads and writes without synchronisation:
// a word is either a whole valid rule or a miss.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/unwind_cfi.h"

#if defined(__x86_64__)
#include "preload/packed_rule_x86_64.h"
#else
#include "preload/packed_rule_aarch64.h"
#endif

namespace memwatch::preload {

enum class RuleKind : std::uint8_t {
  none = 0,       // no cached rule
  sp_based = 1,   // CFA = sp + offset
  fp_based = 2,   // CFA = fp + offset
  outermost = 3,  // this frame has no caller
  no_cfi = 4,     // no unwind information: the frame pointer may help
  complex = 5,    // needs the full interpreter
};

// The cache itself: 512 KiB of zero pages, touched as code is met.
inline constexpr unsigned kRuleIndexBits = 16;
inline constexpr unsigned kRuleTagBits = kRuleHashBits - kRuleIndexBits;
inline constexpr std::uint64_t kRuleOdd = 0x5a2d6b1f9e3779ULL;  // any odd number with mixed bits
static_assert(kRuleTagShift == 64 - kRuleTagBits && (kRuleOdd & 1) == 1);
extern std::atomic<std::uint64_t> g_rule_cache[1U << kRuleIndexBits];

inline std::uint64_t rule_hash(std::uintptr_t pc) {
  return (rule_key(pc) * kRuleOdd) & ((1ULL << kRuleHashBits) - 1);
}

// A cached rule as the word it is.
class PackedRule : public RuleFields {
 public:
  explicit PackedRule(std::uint64_t word) : RuleFields(word) {}
  PackedRule(RuleKind kind, std::uint64_t fields)
      : RuleFields(static_cast<std::uint64_t>(kind) | fields) {}

  // What is cached for the code at `pc`; not usual where nothing is.
  static PackedRule cached_for(std::uintptr_t pc) {
    const std::uint64_t hash = rule_hash(pc);
    const std::uint64_t tag = hash & ((1ULL << kRuleTagBits) - 1);
    // Relaxed: the word is the whole truth, nothing else is read through it.
    const std::uint64_t word = g_rule_cache[hash >> kRuleTagBits].load(std::memory_order_relaxed);
    return PackedRule(word >> kRuleTagShift == tag ? word : 0);
  }

  [[nodiscard]] RuleKind kind() const { return static_cast<RuleKind>(word_ & 7); }
  [[nodiscard]] bool is_usual() const { return (word_ & 7) - 1 < 2; }  // sp_based or fp_based
  [[nodiscard]] bool is_sp_based() const { return (word_ & 7) == 1; }
  [[nodiscard]] std::uint64_t with_tag(std::uint64_t tag) const {
    return word_ | tag << kRuleTagShift;
  }
};

// The rule for the code at `pc` (of a return address: the call's). Fills the cache.
PackedRule find_rule(std::uintptr_t pc);

// A row as the rule it amounts to; complex where it is no such rule.
PackedRule rule_of(const CfiRow& row);

// Empties the cache: code was unloaded, its addresses may come back with other meaning.
void forget_rules();

}  // namespace memwatch::preload
