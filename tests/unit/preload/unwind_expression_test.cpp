#include "preload/unwind_expression.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <optional>
#include <random>
#include <vector>

#include "preload/readable_memory.h"

namespace memwatch::preload {
namespace {

class Evaluator : public testing::Test {
 protected:
  std::optional<std::uint64_t> run(std::vector<int> operations, bool has_initial = false,
                                   std::uint64_t initial = 0) {
    const std::vector<std::uint8_t> bytes(operations.begin(), operations.end());
    const Expression expression{bytes.data(), static_cast<std::uint32_t>(bytes.size())};
    std::uint64_t result = 0;
    if (!evaluate_expression(expression, registers_, memory_, has_initial, initial, &result)) {
      return std::nullopt;
    }
    return result;
  }
  // lit5 lit3 OPERATION, and with a negative on top.
  std::optional<std::uint64_t> five_and_three(int operation) {
    return run({0x35, 0x33, operation});
  }
  std::optional<std::uint64_t> three_and_minus_one(int operation) {
    return run({0x33, 0x09, 0xff, operation});
  }

  Registers registers_{};
  ReadableRange memory_{};
};

constexpr std::uint64_t kMinusOne = ~0ULL;

TEST_F(Evaluator, NothingLeavesNothing) {
  EXPECT_FALSE(run({}));
}

TEST_F(Evaluator, TheInitialValueIsOnTheStack) {
  EXPECT_EQ(run({}, true, 42), 42U);
  EXPECT_EQ(run({0x23, 8}, true, 42), 50U);
}

TEST_F(Evaluator, EveryLiteral) {
  for (int i = 0; i < 32; ++i) EXPECT_EQ(run({0x30 + i}), static_cast<std::uint64_t>(i));
}

TEST_F(Evaluator, EveryConstantWithItsSign) {
  EXPECT_EQ(run({0x08, 0xfe}), 0xfeU);
  EXPECT_EQ(run({0x09, 0xfe}), kMinusOne - 1);
  EXPECT_EQ(run({0x0a, 0xfe, 0xff}), 0xfffeU);
  EXPECT_EQ(run({0x0b, 0xfe, 0xff}), kMinusOne - 1);
  EXPECT_EQ(run({0x0c, 1, 2, 3, 0xff}), 0xff030201U);
  EXPECT_EQ(run({0x0d, 0xff, 0xff, 0xff, 0xff}), kMinusOne);
  EXPECT_EQ(run({0x0e, 1, 2, 3, 4, 5, 6, 7, 8}), 0x0807060504030201U);
  EXPECT_EQ(run({0x0f, 1, 2, 3, 4, 5, 6, 7, 0xff}), 0xff07060504030201U);
  EXPECT_EQ(run({0x10, 0x80, 1}), 128U);
  EXPECT_EQ(run({0x11, 0x7f}), kMinusOne);
}

TEST_F(Evaluator, EveryOperationOnTwo) {
  EXPECT_EQ(five_and_three(0x1a), 5U & 3U);
  EXPECT_EQ(five_and_three(0x1c), 2U);
  EXPECT_EQ(five_and_three(0x21), 5U | 3U);
  EXPECT_EQ(five_and_three(0x22), 8U);
  EXPECT_EQ(five_and_three(0x24), 40U);
  EXPECT_EQ(five_and_three(0x25), 0U);
}

TEST_F(Evaluator, ComparisonsAreSigned) {
  EXPECT_EQ(five_and_three(0x29), 0U);
  EXPECT_EQ(five_and_three(0x2a), 1U);
  EXPECT_EQ(five_and_three(0x2b), 1U);
  EXPECT_EQ(five_and_three(0x2c), 0U);
  EXPECT_EQ(five_and_three(0x2d), 0U);
  EXPECT_EQ(five_and_three(0x2e), 1U);
  EXPECT_EQ(three_and_minus_one(0x2a), 1U);
  EXPECT_EQ(three_and_minus_one(0x2b), 1U);
  EXPECT_EQ(three_and_minus_one(0x2c), 0U);
  EXPECT_EQ(three_and_minus_one(0x2d), 0U);
  EXPECT_EQ(run({0x33, 0x33, 0x29}), 1U);
}

TEST_F(Evaluator, ShiftsByAWordOrMoreLeaveNothing) {
  EXPECT_EQ(run({0x35, 0x08, 63, 0x24}), 1ULL << 63);
  EXPECT_EQ(run({0x35, 0x08, 64, 0x24}), 0U);
  EXPECT_EQ(run({0x35, 0x08, 200, 0x25}), 0U);
}

TEST_F(Evaluator, DuplicatesTheTop) {
  EXPECT_EQ(run({0x35, 0x12, 0x22}), 10U);
}

TEST_F(Evaluator, RegistersOnlyIfTheyAreKnown) {
  EXPECT_FALSE(run({0x77, 8}));
  registers_.set(kRegisterSp, 0x1000);
  EXPECT_EQ(run({0x77, 8}), 0x1008U);
  EXPECT_EQ(run({0x77, 0x78}), 0xff8U);
  EXPECT_FALSE(run({0x70 + 17, 0}));  // beyond the registers followed
  EXPECT_FALSE(run({0x8f, 0}));
  registers_.forget(kRegisterSp);
  EXPECT_FALSE(run({0x77, 8}));
}

TEST_F(Evaluator, ReadsMemoryOnlyOfTheStack) {
  alignas(8) std::uint64_t word = 0x1122334455667788;
  const auto address = reinterpret_cast<std::uintptr_t>(&word);
  start_readable(memory_, address);
  EXPECT_EQ(run({0x06}, true, address), word);
  EXPECT_FALSE(run({0x06}, true, address + 1));  // unaligned
  EXPECT_FALSE(run({0x06}, true, 0));
  EXPECT_FALSE(run({0x06}));
}

// The expression of the C library's PLT: CFA = rsp + 8 + ((rip & 15) >= 11) * 8.
TEST_F(Evaluator, ThePltsExpression) {
  const std::vector<int> plt = {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
  registers_.set(kRegisterSp, 0x7000);
  registers_.set(kRegisterPc, 0x401020);
  EXPECT_EQ(run(plt), 0x7008U);
  registers_.set(kRegisterPc, 0x40102b);
  EXPECT_EQ(run(plt), 0x7010U);
}

TEST_F(Evaluator, TooMuchTooLittleAndUnknownOperationsAreRefused) {
  EXPECT_TRUE(run(std::vector<int>(16, 0x31)));
  EXPECT_FALSE(run(std::vector<int>(17, 0x31)));
  EXPECT_FALSE(run({0x31, 0x22}));
  EXPECT_FALSE(run({0x12}));
  EXPECT_FALSE(run({0x23, 1}));
  EXPECT_FALSE(run({0x31, 0x32, 0x00}));
  EXPECT_FALSE(run({0x31, 0x32, 0xf0}));
  EXPECT_FALSE(run({0x0e, 1, 2}));  // cut off
  EXPECT_FALSE(run({0x10, 0x80}));
}

TEST_F(Evaluator, RandomArithmeticIsSurvived) {
  constexpr int kDereference = 0x06;
  std::mt19937 random(1);
  for (unsigned i = 0; i < 16; ++i) registers_.set(i, random());
  for (int round = 0; round < 100'000; ++round) {
    std::vector<int> operations(random() % 20);
    for (int& operation : operations) {
      operation = static_cast<int>(random() % 256);
      if (operation == kDereference) operation = 0x22;
    }
    run(operations, random() % 2 == 0, random());
  }
}

}  // namespace
}  // namespace memwatch::preload
