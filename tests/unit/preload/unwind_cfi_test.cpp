#include "preload/unwind_cfi.h"

#include <gtest/gtest.h>
#include <link.h>

#include <cstdlib>

#include "preload/unwind_rules.h"

namespace memwatch::preload {
namespace {

template <typename F>
std::uintptr_t address_of(F* function) {
  return reinterpret_cast<std::uintptr_t>(function);
}

TEST(FindCfiRow, AtAFunctionsEntryTheReturnAddressIsOnTop) {
  CfiRow row;
  ASSERT_EQ(find_cfi_row(address_of(&std::qsort), &row), CfiResult::found);
  EXPECT_FALSE(row.cfa_is_expression);
  EXPECT_EQ(row.cfa_register, kRegisterSp);
  EXPECT_EQ(row.cfa_offset, 8);
  EXPECT_EQ(row.rules[kRegisterPc], RegisterRule::offset);
  EXPECT_EQ(row.values[kRegisterPc], -8);
  EXPECT_FALSE(row.signal_frame);
}

TEST(FindCfiRow, CodeNobodyKnowsHasNone) {
  CfiRow row;
  static int data = 0;
  EXPECT_EQ(find_cfi_row(0, &row), CfiResult::no_information);
  EXPECT_EQ(find_cfi_row(1, &row), CfiResult::no_information);
  EXPECT_EQ(find_cfi_row(~std::uintptr_t{0}, &row), CfiResult::no_information);
  EXPECT_EQ(find_cfi_row(address_of(&std::malloc), &row), CfiResult::found);
  EXPECT_NE(find_cfi_row(reinterpret_cast<std::uintptr_t>(&data), &row), CfiResult::malformed);
}

// Every address of every loaded module's code: an answer, never a crash, and the same from the
// cache.
TEST(FindRule, KnowsAllCodeOfThisProcessAndTheCacheAgreesWithTheTables) {
  struct Counts {
    unsigned found = 0, complex = 0, without = 0;
  } counts;
  const auto look = [](dl_phdr_info* info, std::size_t, void* data) {
    auto& c = *static_cast<Counts*>(data);
    for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
      const std::uintptr_t start = info->dlpi_addr + segment.p_vaddr;
      for (std::uintptr_t pc = start; pc < start + segment.p_memsz; pc += 13) {
        const PackedRule rule = find_rule(pc);
        const PackedRule again = find_rule(pc);
        EXPECT_EQ(rule.kind(), again.kind());
        EXPECT_EQ(rule.cfa_offset(), again.cfa_offset());
        EXPECT_EQ(rule.fp_saved(), again.fp_saved());
        EXPECT_EQ(rule.fp_below_cfa(), again.fp_below_cfa());
        CfiRow row;
        const CfiResult result = find_cfi_row(pc, &row);
        if (rule.kind() == RuleKind::sp_based || rule.kind() == RuleKind::fp_based) {
          ++c.found;
          EXPECT_EQ(result, CfiResult::found);
          EXPECT_EQ(row.cfa_offset, static_cast<std::int64_t>(rule.cfa_offset()));
          EXPECT_EQ(row.cfa_register,
                    rule.kind() == RuleKind::sp_based ? kRegisterSp : kRegisterFp);
          EXPECT_EQ(row.rules[kRegisterFp] == RegisterRule::offset, rule.fp_saved());
        } else if (rule.kind() == RuleKind::complex) {
          ++c.complex;
        } else {
          ++c.without;
        }
        EXPECT_NE(result, CfiResult::malformed) << info->dlpi_name << " " << pc - info->dlpi_addr;
      }
    }
    return 0;
  };
  dl_iterate_phdr(look, &counts);
  EXPECT_GT(counts.found, 10'000U);
  EXPECT_LT(counts.complex, counts.found / 20);
}

TEST(FindRule, ForgettingIsHarmless) {
  const PackedRule before = find_rule(address_of(&std::qsort));
  forget_rules();
  const PackedRule after = find_rule(address_of(&std::qsort));
  EXPECT_EQ(before.kind(), RuleKind::sp_based);
  EXPECT_EQ(after.kind(), before.kind());
  EXPECT_EQ(after.cfa_offset(), 8U);
}

}  // namespace
}  // namespace memwatch::preload
