// The walk of macOS's twin, by frame pointers alone, on functions that keep them as they do there.
// Frames look the same on both systems, so this much of that twin can run here: the capture that
// remembers must find what the walk finds, and both what the functions themselves know of their
// callers.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <random>
#include <thread>
#include <vector>

#include "collector/intake/tracked_process.h"
#include "preload/capture_stack.h"
#include "preload/record.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

using namespace preload_testing;

// Innermost first.
std::vector<std::uint64_t> walk(const CallSite& site, Step* end) {
  std::vector<std::uint64_t> pcs;
  ReadableRange memory;
  start_readable(memory, site.sp);
  Position at(site);
  do {
    pcs.push_back(at.pc);
    *end = step_out(at, memory);
  } while (*end == Step::caller && pcs.size() < kMaxFrames);
  return pcs;
}

std::vector<std::uint64_t> frames_of(std::uint32_t node) {
  const auto* nodes = in_segment<protocol::StackNode>(g_process.segment->geometry.nodes_offset);
  std::vector<std::uint64_t> pcs;
  for (; node >= protocol::kFirstNode; node = nodes[node].parent) pcs.push_back(nodes[node].pc);
  return pcs;
}

struct Tally {
  ThreadRing* ring = nullptr;
  std::vector<std::uint64_t> callers;  // return addresses that the functions saw, outermost first
  unsigned captures = 0;
  std::mt19937 random{1};
};
Tally g_tally;

// As a hook would: its caller's frame is the innermost.
[[gnu::noinline]] void capture_here() {
  const CallSite site = MEMWATCH_CALL_SITE();
  const std::uint32_t node = capture_stack_builtin(*g_tally.ring, site);
  Step end = Step::lost;
  std::vector<std::uint64_t> walked = walk(site, &end);
  std::vector<std::uint64_t> captured = frames_of(node);
  ASSERT_GT(walked.size(), g_tally.callers.size());
#ifdef __SANITIZE_THREAD__
  // The function of the sanitizer's that threads start in keeps no frame pointer: what lies beyond
  // it is no frame, and changes meanwhile.
  walked.resize(g_tally.callers.size() + 1);
  captured.resize(walked.size());
#endif
  EXPECT_EQ(captured, walked);
  for (std::size_t i = 0; i < g_tally.callers.size(); ++i) {
    EXPECT_EQ(walked[i + 1], g_tally.callers[g_tally.callers.size() - 1 - i]);
  }
  ++g_tally.captures;
}

// Goes deeper or not, with frames of all sizes, and captures on the way down and up.
[[gnu::noinline]] void wander(unsigned depth) {
  g_tally.callers.push_back(reinterpret_cast<std::uint64_t>(__builtin_return_address(0)));
  volatile char* const room = static_cast<char*>(__builtin_alloca(16 + g_tally.random() % 4000));
  room[0] = 1;
  capture_here();
  for (auto turns = depth == 0 ? 0 : g_tally.random() % 3; turns > 0; --turns) {
    wander(depth - 1);
    capture_here();
  }
  g_tally.callers.pop_back();
}

class FramePointerWalk : public testing::Test {
 protected:
  FramePointerWalk()
      : target_(protocol::compact_geometry()),
        tracked_(target_.take(), table_, "/p", ~0ULL, false),
        shim_(tracked_.segment()) {
    g_tally = Tally{};
    g_tally.ring = claim_ring();
  }

  model::Session session_;
  model::StackTable table_{session_};
  intake_testing::SegmentBuilder target_;
  intake::TrackedProcess tracked_;
  ShimInProcess shim_;
};

TEST_F(FramePointerWalk, FindsWhatTheFunctionsKnowAndRemembersItRightly) {
  for (unsigned round = 0; round < 200; ++round) wander(12);
  EXPECT_GT(g_tally.captures, 1000U);
}

TEST_F(FramePointerWalk, AThreadHasAStackOfItsOwn) {
  std::thread([] {
    g_tally.ring = claim_ring();
    for (unsigned round = 0; round < 50; ++round) wander(8);
  }).join();
  EXPECT_GT(g_tally.captures, 50U);
}

// Two frame records at the end of a stack, as the system leaves them.
struct Stack {
  std::uint64_t words[64] = {};
  Stack() {
    words[8] = address(16);  // the inner record: the outer one, and a return address
    words[9] = 0x1000;
    words[16] = 0;
    words[17] = 0x2000;
  }
  [[nodiscard]] std::uintptr_t address(unsigned word) const {
    return reinterpret_cast<std::uintptr_t>(words + word);
  }
  [[nodiscard]] CallSite site() const { return {0x500, address(4), address(8)}; }
};

TEST(FramePointerWalkEnd, IsWhereTheFramePointerIsZero) {
  Stack stack;
  Step end = Step::lost;
  EXPECT_EQ(walk(stack.site(), &end), (std::vector<std::uint64_t>{0x500, 0x1000, 0x2000}));
  EXPECT_EQ(end, Step::outermost_here);
}

TEST(FramePointerWalkEnd, IsWhereThereIsNoReturnAddress) {
  Stack stack;
  stack.words[17] = 0;
  Step end = Step::lost;
  EXPECT_EQ(walk(stack.site(), &end), (std::vector<std::uint64_t>{0x500, 0x1000}));
  EXPECT_EQ(end, Step::outermost_here);
}

TEST(FramePointerWalkEnd, AMarkOfAsynchronousFunctionsIsNoPartOfTheAddress) {
  Stack stack;
  stack.words[8] |= 1ULL << 60;
  Step end = Step::lost;
  EXPECT_EQ(walk(stack.site(), &end), (std::vector<std::uint64_t>{0x500, 0x1000, 0x2000}));
}

TEST(FramePointerWalkEnd, WhatLeadsNowhereCostsTheRestOfTheStackAndNoMore) {
  void* const gone = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(gone, MAP_FAILED);
  Stack stack;
  const std::uint64_t wrong[] = {1,
                                 8,
                                 stack.address(8),  // itself
                                 stack.address(2),  // downwards
                                 stack.address(20) + 4,
                                 reinterpret_cast<std::uint64_t>(gone),
                                 0x00007fffffffffe8,
                                 0x8000000000000000,
                                 ~0ULL};
  for (const std::uint64_t value : wrong) {
    stack.words[8] = value;
    Step end = Step::caller;
    EXPECT_EQ(walk(stack.site(), &end), (std::vector<std::uint64_t>{0x500, 0x1000})) << value;
    EXPECT_EQ(end, Step::lost) << value;
  }
  munmap(gone, 4096);
}

}  // namespace
}  // namespace memwatch::preload
