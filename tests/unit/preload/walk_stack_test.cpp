// The shim's stack walker against libunwind, frame by frame.
#include "preload/walk_stack.h"

#include <gtest/gtest.h>

#include <thread>

#include "preload/readable_memory.h"
#include "preload/unwind_rules.h"
#include "tests/unit/preload/compare_walks.h"
#include "tests/unit/preload/mazes.h"

namespace memwatch::preload {
namespace {

using namespace preload_testing;

class Walks : public testing::Test {
 protected:
  void SetUp() override { reset_comparison(); }
  void TearDown() override {
    EXPECT_FALSE(comparison().differs) << comparison().difference;
    EXPECT_GE(comparison().walks, 1U);
    EXPECT_FALSE(comparison().any_truncated);
  }
};

TEST_F(Walks, FromHere) {
  compare_walks();
}

TEST_F(Walks, PlainRecursion) {
  for (const unsigned depth : {0U, 1U, 2U, 10U, 100U, 800U}) recurse(depth, compare_walks);
  EXPECT_GT(comparison().most_frames, 800U);
}

TEST_F(Walks, RecursionThroughFunctionsOfDifferentFrames) {
  for (unsigned depth = 0; depth < 40; ++depth) recurse_mutually(depth, compare_walks);
}

TEST_F(Walks, FramesWhoseSizeIsKnownAtRunTimeOnly) {
  for (unsigned bytes = 16; bytes < 20'000; bytes = bytes * 2 + 24) {
    through_alloca(bytes, compare_walks);
  }
}

TEST_F(Walks, FramesThatRealignTheStack) {
  for (unsigned depth = 0; depth < 20; ++depth) through_aligned_frame(depth, compare_walks);
}

TEST_F(Walks, FramesThatUseEveryRegister) {
  for (unsigned depth = 0; depth < 20; ++depth) through_many_registers(depth, compare_walks);
}

TEST_F(Walks, ThroughACallbackOfTheCLibrary) {
  through_qsort(compare_walks);
  EXPECT_GE(comparison().walks, 6U);
}

TEST_F(Walks, ThroughASignalHandler) {
  through_signal(compare_walks);
  EXPECT_EQ(comparison().signal_frames, 1U);
}

TEST_F(Walks, ThroughASignalHandlerOnItsOwnStack) {
  through_signal_on_other_stack(compare_walks);
  EXPECT_EQ(comparison().signal_frames, 1U);
}

TEST_F(Walks, ThroughAHandlerThatWasInterruptedItself) {
  through_nested_signals(compare_walks);
#ifndef __SANITIZE_THREAD__  // which delivers a signal raised in a handler later, by a plain call
  EXPECT_EQ(comparison().signal_frames, 2U);
#endif
}

TEST_F(Walks, ThroughATrapInTheMiddleOfAFunction) {
  through_fault(compare_walks);
  EXPECT_EQ(comparison().signal_frames, 1U);
}

TEST_F(Walks, ThroughAMazeOfStdFunctions) {
  for (unsigned depth = 0; depth < 20; ++depth) through_functions(depth, compare_walks);
}

TEST_F(Walks, InsideACatchBlock) {
  through_catch(compare_walks);
}

TEST_F(Walks, ThroughConstructorsAndVirtualCalls) {
  through_constructor(compare_walks);
}

TEST_F(Walks, ThroughCallOnce) {
  through_call_once(compare_walks);
}

TEST_F(Walks, InAnotherThread) {
  std::thread([] {
    recurse_mutually(20, compare_walks);
    through_signal(compare_walks);
    through_signal_on_other_stack(compare_walks);
  }).join();
  EXPECT_EQ(comparison().signal_frames, 2U);
}

TEST_F(Walks, AgainAfterTheRulesWereForgotten) {
  recurse_mutually(5, compare_walks);
  forget_rules();
  recurse_mutually(5, compare_walks);
}

TEST(WalkStack, StopsAtTheLimitAndSaysSo) {
  static std::uint64_t pcs[8];
  static Walk walk;
  recurse(50, [] {
    const CallSite site{reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)),
                        reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16,
                        *static_cast<const std::uintptr_t*>(__builtin_frame_address(0))};
    ReadableRange memory;
    walk = walk_stack(site, memory, pcs, 4);
    return 1;
  });
  EXPECT_EQ(walk.frames, 4U);
  EXPECT_TRUE(walk.truncated);
}

TEST(WalkStack, ACallSiteThatIsNonsenseIsTruncatedNotFatal) {
  alignas(16) static std::uint64_t words[64] = {};
  const auto stack = reinterpret_cast<std::uintptr_t>(words);
  std::uint64_t pcs[16];
  for (const std::uintptr_t pc : {std::uintptr_t{1}, std::uintptr_t{0x1000}, ~std::uintptr_t{0},
                                  reinterpret_cast<std::uintptr_t>(words)}) {
    for (const std::uintptr_t sp :
         {stack, stack + 4, std::uintptr_t{8}, ~std::uintptr_t{0} >> 17}) {
      for (const std::uintptr_t fp : {stack, stack + 8, std::uintptr_t{0}, ~std::uintptr_t{0}}) {
        ReadableRange memory;
        const Walk walk = walk_stack({pc, sp, fp}, memory, pcs, 16);
        EXPECT_GE(walk.frames, 1U);
        EXPECT_LE(walk.frames, 16U);
      }
    }
  }
}

}  // namespace
}  // namespace memwatch::preload
