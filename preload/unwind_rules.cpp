#include "preload/unwind_rules.h"

#include <sys/mman.h>

#include <atomic>

#include "preload/backed_memory.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/unwind_cfi.h"

namespace memwatch::preload {

namespace {

constexpr unsigned kHashBits = 55;
constexpr unsigned kIndexBits = 16;
constexpr unsigned kTagBits = kHashBits - kIndexBits;
constexpr unsigned kTagShift = 64 - kTagBits;
constexpr std::size_t kEntries = std::size_t{1} << kIndexBits;
constexpr std::uint64_t kOdd = 0x5a2d6b1f9e3779ULL;  // any odd number with mixed bits
static_assert(kTagShift == 25 && (kOdd & 1) == 1);

constinit std::atomic<std::atomic<std::uint64_t>*> g_cache{nullptr};

std::atomic<std::uint64_t>* cache() {
  std::atomic<std::uint64_t>* entries = g_cache.load(std::memory_order_acquire);
  if (entries != nullptr) [[likely]] {
    return entries;
  }
  constexpr std::size_t kBytes = kEntries * sizeof(std::uint64_t);
  auto* fresh = static_cast<std::atomic<std::uint64_t>*>(map_private(kBytes));
  if (fresh == nullptr) return nullptr;
  if (!g_cache.compare_exchange_strong(entries, fresh, std::memory_order_acq_rel)) {
    raw_munmap(fresh, kBytes);
    return entries;
  }
  return fresh;
}

std::uint64_t pack(const UnwindRule& rule, std::uint64_t tag) {
  return static_cast<std::uint64_t>(rule.kind) |
         (static_cast<std::uint64_t>(rule.fp_saved ? 1 : 0) << 3) |
         (static_cast<std::uint64_t>(rule.cfa_offset / 8) << 5) |
         (static_cast<std::uint64_t>(rule.fp_below_cfa / 8) << 18) | (tag << kTagShift);
}

UnwindRule unpack(std::uint64_t word) {
  return UnwindRule{static_cast<RuleKind>(word & 7), ((word >> 3) & 1) != 0,
                    static_cast<std::uint32_t>((word >> 18) & 0x7f) * 8,
                    static_cast<std::uint32_t>((word >> 5) & 0x1fff) * 8};
}

UnwindRule simplify(const CfiRow& row) {
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
    const std::int64_t below = -row.values[kRegisterFp];
    if (below < 16 || below > 1016 || below % 8 != 0) return kComplex;
    rule.fp_saved = true;
    rule.fp_below_cfa = static_cast<std::uint32_t>(below);
  } else if (row.rules[kRegisterFp] != RegisterRule::same) {
    return kComplex;
  }
  return rule;
}

UnwindRule compute_rule(std::uintptr_t pc) {
  CfiRow row;
  switch (find_cfi_row(pc, &row)) {
    case CfiResult::found:
      return simplify(row);
    case CfiResult::no_information:
    case CfiResult::malformed:
      break;
  }
  return UnwindRule{RuleKind::no_cfi, false, 0, 0};
}

}  // namespace

UnwindRule find_rule(std::uintptr_t pc) {
  const std::uint64_t hash = (pc * kOdd) & ((1ULL << kHashBits) - 1);
  const std::uint64_t tag = hash & ((1ULL << kTagBits) - 1);
  std::atomic<std::uint64_t>* entries = cache();
  if (entries == nullptr) return compute_rule(pc);
  // Relaxed: the word is the whole truth, nothing else is read through it.
  std::atomic<std::uint64_t>& entry = entries[hash >> kTagBits];
  const std::uint64_t word = entry.load(std::memory_order_relaxed);
  if (word >> kTagShift == tag && (word & 7) != 0) [[likely]] {
    return unpack(word);
  }
  const UnwindRule rule = compute_rule(pc);
  if (pc >> kHashBits == 0) entry.store(pack(rule, tag), std::memory_order_relaxed);
  return rule;
}

void forget_rules() {
  std::atomic<std::uint64_t>* entries = g_cache.load(std::memory_order_acquire);
  if (entries != nullptr) raw_madvise(entries, kEntries * sizeof(std::uint64_t), MADV_DONTNEED);
}

}  // namespace memwatch::preload
