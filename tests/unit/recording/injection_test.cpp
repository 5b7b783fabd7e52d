#include "collector/recording/injection.h"

#include <gtest/gtest.h>

#include <string>

namespace memwatch::recording {
namespace {

TEST(Injection, ConditionsAreTakenAsWritten) {
  const Result<Injection> all =
      parse_injection("size>=64KiB,over=1MiB,nth=3+,before-main,stack=^load");
  ASSERT_TRUE(all) << all.error().to_line();
  EXPECT_EQ(all->least_size, 65536U);
  EXPECT_EQ(all->heap_bytes, 1U << 20);
  EXPECT_EQ(all->first_failing, 3U);
  EXPECT_TRUE(all->later_too);
  EXPECT_TRUE(all->before_main);
  EXPECT_EQ(all->stack_pattern, "^load");
  EXPECT_TRUE(all->is_about_stacks());
}

TEST(Injection, AChanceHasASeed) {
  const Result<Injection> chance = parse_injection("prob=0.25:seed=18446744073709551615");
  ASSERT_TRUE(chance);
  EXPECT_EQ(chance->chance, 0.25);
  EXPECT_EQ(chance->seed, ~std::uint64_t{0});
  EXPECT_FALSE(chance->is_about_stacks());
  EXPECT_EQ(parse_injection("prob=1")->seed, 0U);
}

TEST(Injection, ACommaBelongsToThePatternUnlessAConditionFollows) {
  const Result<Injection> pattern = parse_injection("stack=a{1,2},b,nth=2");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->stack_pattern, "a{1,2},b");
  EXPECT_EQ(pattern->first_failing, 2U);
}

TEST(Injection, ASiteIsSixteenDigits) {
  const Result<Injection> site = parse_injection("site=00c0ffee00C0FFEE,nth=1");
  ASSERT_TRUE(site);
  EXPECT_EQ(site->site, 0x00c0ffee00c0ffeeULL);
  EXPECT_FALSE(parse_injection("site=0x00c0ffee00c0ff"));
}

TEST(Injection, WhatMakesNoSenseIsRefusedWithTheReason) {
  for (const char* spec : {"",
                           ",",
                           "nth",
                           "nth=",
                           "nth=0",
                           "nth=+",
                           "nth=-1",
                           "nth=1x",
                           "nth=99999999999999999999",
                           "nth=1,",
                           ",nth=1",
                           "nth=1,,every=2",
                           "nth=1,nth=2",
                           "nth=1,every=2",
                           "every=0",
                           "nth=1,prob=0.5",
                           "prob=0",
                           "prob=1.5",
                           "prob=nan",
                           "prob=inf",
                           "prob=0.5:seed=",
                           "prob=0.5:seed=x",
                           "size>=",
                           "size>=0",
                           "size>=1Q",
                           "size=5",
                           "over=",
                           "over=-1",
                           "stack=",
                           "site=12",
                           "site=0123456789abcdeg",
                           "site=0123456789abcdef,stack=main",
                           "before-main",
                           "before-main=1,nth=2",
                           "malloc"}) {
    const Result<Injection> refused = parse_injection(spec);
    ASSERT_FALSE(refused) << spec;
    EXPECT_EQ(refused.error().kind, ErrorKind::usage) << spec;
    EXPECT_FALSE(refused.error().why.empty()) << spec;
    EXPECT_EQ(refused.error().to_line().find('\n'), std::string::npos) << spec;
  }
}

}  // namespace
}  // namespace memwatch::recording
