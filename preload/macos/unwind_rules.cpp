// One rule for all code. macOS's ABI keeps frame pointers on both processors: Apple's arm64
// platform rules demand that x29 always addresses a frame record, and its compilers keep rbp. (Code
// that does not, hand-written mostly, is missing from stacks; the frames around it are not.)
//
//   the caller's frame
//   ├──────────────── CFA = fp + 16
//   │ return address
//   │ the caller's fp  ◀── fp
#include "preload/unwind_rules.h"

namespace memwatch::preload {

constinit std::atomic<std::uint64_t> g_rule_cache[1U << kRuleIndexBits] = {};

PackedRule find_rule(std::uintptr_t pc) {
  std::uint64_t fields = 0;
  RuleFields::pack(16, 8, 16, &fields);
  const PackedRule rule(RuleKind::fp_based, fields);
  const std::uint64_t hash = rule_hash(pc);
  if (rule_key(pc) >> kRuleHashBits == 0) {
    g_rule_cache[hash >> kRuleTagBits].store(rule.with_tag(hash & ((1ULL << kRuleTagBits) - 1)),
                                             std::memory_order_relaxed);
  }
  return rule;
}

// It does not depend on the code.
void forget_rules() {}

}  // namespace memwatch::preload
