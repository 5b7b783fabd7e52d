#include "preload/unwind_rules.h"

#include <atomic>

#include "preload/kernel.h"
#include "preload/processor.h"
#include "preload/unwind_cfi.h"

namespace memwatch::preload {

alignas(
    kPageAlignment) constinit std::atomic<std::uint64_t> g_rule_cache[1U << kRuleIndexBits] = {};

namespace {

// How far below the CFA a register is saved; 0: not there.
std::uint32_t saved_below(const CfiRow& row, unsigned number) {
  const std::int64_t at = row.values[number];
  return row.rules[number] == RegisterRule::offset && at < 0 && at > -65536
             ? static_cast<std::uint32_t>(-at)
             : 0;
}

PackedRule compute_rule(std::uintptr_t pc) {
  CfiRow row;
  switch (find_cfi_row(pc, &row)) {
    case CfiResult::found:
      return rule_of(row);
    case CfiResult::no_information:
    case CfiResult::malformed:
      break;
  }
  return PackedRule(RuleKind::no_cfi, 0);
}

}  // namespace

PackedRule rule_of(const CfiRow& row) {
  constexpr auto kComplex = static_cast<std::uint64_t>(RuleKind::complex);
  if (row.rules[kRegisterPc] == RegisterRule::undefined) return PackedRule(RuleKind::outermost, 0);
  const bool usual_sp = row.rules[kRegisterSp] == RegisterRule::same;
  if (row.signal_frame || row.cfa_is_expression || !usual_sp) return PackedRule(kComplex);
  const bool sp_based = row.cfa_register == kRegisterSp;
  if (!sp_based && row.cfa_register != kRegisterFp) return PackedRule(kComplex);
  if (row.cfa_offset < 0 || row.cfa_offset >= 65536) return PackedRule(kComplex);
  const std::uint32_t pc_below = saved_below(row, kRegisterPc);
  const std::uint32_t fp_below = saved_below(row, kRegisterFp);
  const bool fp_kept = row.rules[kRegisterFp] == RegisterRule::same;
  std::uint64_t fields = 0;
  if (pc_below == 0 || (fp_below == 0 && !fp_kept) ||
      !RuleFields::pack(static_cast<std::uint32_t>(row.cfa_offset), pc_below, fp_below, &fields)) {
    return PackedRule(kComplex);
  }
  return PackedRule(sp_based ? RuleKind::sp_based : RuleKind::fp_based, fields);
}

PackedRule find_rule(std::uintptr_t pc) {
  const PackedRule cached = PackedRule::cached_for(pc);
  if (cached.kind() != RuleKind::none) [[likely]] {
    return cached;
  }
  const PackedRule rule = compute_rule(pc);
  const std::uint64_t hash = rule_hash(pc);
  if (rule_key(pc) >> kRuleHashBits == 0) {
    g_rule_cache[hash >> kRuleTagBits].store(rule.with_tag(hash & ((1ULL << kRuleTagBits) - 1)),
                                             std::memory_order_relaxed);
  }
  return rule;
}

void forget_rules() {
  empty_memory(g_rule_cache, sizeof g_rule_cache);
}

}  // namespace memwatch::preload
