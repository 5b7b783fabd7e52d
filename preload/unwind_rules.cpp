#include "preload/unwind_rules.h"

#include <sys/mman.h>

#include <atomic>

#include "preload/raw_syscalls_linux.h"
#include "preload/unwind_cfi.h"

namespace memwatch::preload {

alignas(4096) constinit std::atomic<std::uint64_t> g_rule_cache[1U << kRuleIndexBits] = {};

namespace {

std::uint64_t pack(const UnwindRule& rule, std::uint64_t tag) {
  return static_cast<std::uint64_t>(rule.kind) |
         (static_cast<std::uint64_t>(rule.fp_saved ? 1 : 0) << 3) |
         (static_cast<std::uint64_t>(rule.cfa_offset / 8) << 5) |
         (static_cast<std::uint64_t>(rule.fp_below_cfa / 8) << 18) | (tag << kRuleTagShift);
}

UnwindRule unpack(PackedRule rule) {
  return UnwindRule{rule.kind(), rule.fp_saved(), rule.fp_below_cfa(), rule.cfa_offset()};
}

UnwindRule compute_rule(std::uintptr_t pc) {
  CfiRow row;
  switch (find_cfi_row(pc, &row)) {
    case CfiResult::found:
      return rule_of(row);
    case CfiResult::no_information:
    case CfiResult::malformed:
      break;
  }
  return UnwindRule{RuleKind::no_cfi, false, 0, 0};
}

}  // namespace

UnwindRule rule_of(const CfiRow& row) {
  constexpr UnwindRule kComplex{RuleKind::complex, false, 0, 0};
  if (row.rules[kRegisterPc] == RegisterRule::undefined) {
    return UnwindRule{RuleKind::outermost, false, 0, 0};
  }
  const bool usual_return =
      row.rules[kRegisterPc] == RegisterRule::offset && row.values[kRegisterPc] == -8;
  const bool usual_sp = row.rules[kRegisterSp] == RegisterRule::same;
  if (row.signal_frame || row.cfa_is_expression || !usual_return || !usual_sp) return kComplex;
  if (row.cfa_offset < 8 || row.cfa_offset >= 65536 || row.cfa_offset % 8 != 0) return kComplex;
  UnwindRule rule{RuleKind::none, false, 0, static_cast<std::uint32_t>(row.cfa_offset)};
  if (row.cfa_register == kRegisterSp) {
    rule.kind = RuleKind::sp_based;
  } else if (row.cfa_register == kRegisterFp) {
    rule.kind = RuleKind::fp_based;
  } else {
    return kComplex;
  }
  if (row.rules[kRegisterFp] == RegisterRule::offset) {
    const std::int64_t at = row.values[kRegisterFp];
    if (at > -16 || at < -1016 || at % 8 != 0) return kComplex;
    rule.fp_saved = true;
    rule.fp_below_cfa = static_cast<std::uint32_t>(-at);
  } else if (row.rules[kRegisterFp] != RegisterRule::same) {
    return kComplex;
  }
  return rule;
}

UnwindRule find_rule(std::uintptr_t pc) {
  const PackedRule cached = PackedRule::cached_for(pc);
  if (cached.kind() != RuleKind::none) [[likely]] {
    return unpack(cached);
  }
  const UnwindRule rule = compute_rule(pc);
  const std::uint64_t hash = (pc * kRuleOdd) & ((1ULL << kRuleHashBits) - 1);
  if (pc >> kRuleHashBits == 0) {
    g_rule_cache[hash >> kRuleTagBits].store(pack(rule, hash & ((1ULL << kRuleTagBits) - 1)),
                                             std::memory_order_relaxed);
  }
  return rule;
}

void forget_rules() {
  raw_madvise(g_rule_cache, sizeof g_rule_cache, MADV_DONTNEED);
}

}  // namespace memwatch::preload
