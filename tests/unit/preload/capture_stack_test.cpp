// The capture that remembers against the walk that does not: whatever a program did between two
// events, both have to find the same frames.
#include "preload/capture_stack.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <csetjmp>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "collector/intake/tracked_process.h"
#include "preload/code_generation.h"
#include "preload/record.h"
#include "preload/unwind_rules.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/mazes.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

using namespace preload_testing;

struct Tally {
  unsigned captures = 0, differences = 0;
  unsigned most_frames = 0;
  int nesting = 0;
  std::mt19937 random{1};
  ThreadRing* ring = nullptr;
};
Tally g_tally;

bool leads_through(std::uint32_t node, const std::uint64_t* pcs, unsigned frames, bool truncated) {
  const auto* nodes = in_segment<protocol::StackNode>(g_process.segment->geometry.nodes_offset);
  for (unsigned i = 0; i < frames; ++i) {
    if (nodes[node].pc != pcs[i]) return false;
    node = nodes[node].parent;
  }
  return node == (truncated ? protocol::kTruncatedNode : 0);
}

[[gnu::noinline]] int capture_both_ways() {
  static std::uint64_t pcs[kMaxFrames];
  const CallSite site = MEMWATCH_CALL_SITE();
  const std::uint32_t node = capture_stack_builtin(*g_tally.ring, site);
  ReadableRange memory;
  const Walk walk = walk_stack(site, memory, pcs, kMaxFrames);
  if (!leads_through(node, pcs, walk.frames, walk.truncated)) ++g_tally.differences;
  if (walk.frames > g_tally.most_frames) g_tally.most_frames = walk.frames;
  return static_cast<int>(++g_tally.captures & 1);
}

unsigned pick(unsigned below) {
  return static_cast<unsigned>(g_tally.random() % below);
}

// Captures, and on the way calls itself through one maze or another, so that each event shares a
// part of its stack with the one before.
int wander() {
  int sum = capture_both_ways();
  if (g_tally.nesting >= 5) return sum;
  ++g_tally.nesting;
  for (unsigned i = pick(4); i > 0; --i) {
    sum &= 0xff;
    switch (pick(10)) {
      case 0:
        sum += recurse(pick(30), wander);
        break;
      case 1:
        sum += recurse_mutually(pick(20), wander);
        break;
      case 2:
        sum += through_alloca(16 + pick(3000), wander);
        break;
      case 3:
        sum += through_aligned_frame(pick(5), wander);
        break;
      case 4:
        sum += through_many_registers(pick(8), wander);
        break;
      case 5:
        sum += through_qsort(capture_both_ways);
        break;
      case 6:
        sum += through_signal(capture_both_ways);  // not on: what wander calls is not for handlers
        break;
      case 7:
        sum += through_catch(wander);
        break;
      case 8:
        sum += through_constructor(wander);
        break;
      default:
        sum += through_functions(pick(6), wander);
        break;
    }
    sum += capture_both_ways();
  }
  --g_tally.nesting;
  return sum & 1;  // small, since the mazes reckon with it
}

class CaptureStack : public testing::Test {
 protected:
  CaptureStack()
      : target_(protocol::compact_geometry()),
        tracked_(target_.take(), table_, "/p", ~0ULL, false),
        shim_(tracked_.segment()) {
    g_tally = Tally{};
    g_tally.ring = claim_ring();
  }
  ~CaptureStack() override {
    EXPECT_GT(g_tally.captures, 0U);
    EXPECT_EQ(g_tally.differences, 0U);
  }

  model::Session session_;
  model::StackTable table_{session_};
  intake_testing::SegmentBuilder target_;
  intake::TrackedProcess tracked_;
  ShimInProcess shim_;
};

TEST_F(CaptureStack, FindsWhatAFreshWalkFindsWhateverHappenedInBetween) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    g_tally.random.seed(seed);
    wander();
  }
  EXPECT_GT(g_tally.captures, 10'000U);
  EXPECT_GT(g_tally.most_frames, 60U);
}

TEST_F(CaptureStack, TheSamePlaceAgainAndAgainIsTheSameNode) {
  std::vector<std::uint32_t> nodes;
  for (int i = 0; i < 5; ++i) {
    nodes.push_back(capture_stack_builtin(*g_tally.ring, MEMWATCH_CALL_SITE()));
  }
  capture_both_ways();
  EXPECT_EQ(nodes, std::vector<std::uint32_t>(5, nodes[0]));
}

TEST_F(CaptureStack, OnAnotherStackAndBack) {
  for (int i = 0; i < 3; ++i) {
    recurse(3, capture_both_ways);
    through_signal_on_other_stack(capture_both_ways);
    recurse(3, capture_both_ways);
    through_nested_signals(capture_both_ways);
    through_fault(capture_both_ways);
  }
}

TEST_F(CaptureStack, AfterCodeWasUnloaded) {
  recurse(5, capture_both_ways);
  forget_rules();
  g_code_generation.fetch_add(1);
  recurse(5, capture_both_ways);
}

jmp_buf g_back;

[[gnu::noinline]] void capture_and_jump_out(unsigned depth) {
  if (setjmp(g_back) != 0) return;
  recurse(depth, []() -> int {
    capture_both_ways();
    longjmp(g_back, 1);
  });
}

TEST_F(CaptureStack, AfterFramesWereLeftByLongjmp) {
  for (unsigned depth = 0; depth < 20; ++depth) {
    capture_and_jump_out(depth);
    recurse_mutually(depth / 2, capture_both_ways);
  }
}

TEST_F(CaptureStack, InAnotherThread) {
  std::thread([] {
    ThreadRing* const first = g_tally.ring;
    g_tally.ring = claim_ring();
    for (int i = 0; i < 50; ++i) wander();
    g_tally.ring = first;
  }).join();
}

// Coroutines on memory that is unmapped and comes back smaller: nothing beyond it may be read.
ucontext_t g_main, g_coroutine;

void run_coroutine() {
  recurse(10, capture_both_ways);
  recurse(4, capture_both_ways);
}

// Out of line: getcontext returns twice, for all the compiler knows.
[[gnu::noinline]] void run_on_stack(void* stack, std::size_t bytes) {
  getcontext(&g_coroutine);
  g_coroutine.uc_stack.ss_sp = stack;
  g_coroutine.uc_stack.ss_size = bytes;
  g_coroutine.uc_link = &g_main;
  makecontext(&g_coroutine, run_coroutine, 0);
  swapcontext(&g_main, &g_coroutine);
}

TEST_F(CaptureStack, OnStacksThatComeAndGo) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kLarge = 32 * kPage;
  for (int i = 0; i < 50; ++i) {
    const std::size_t bytes = i % 2 == 0 ? kLarge : kLarge / 2;
    // The same lowest address each time, then a hole where the larger stack went on.
    void* at = mmap(nullptr, kLarge + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    ASSERT_EQ(mprotect(at, bytes, PROT_READ | PROT_WRITE), 0);
    run_on_stack(at, bytes);
    munmap(at, kLarge + kPage);
    note_memory_gone();  // as the hook of munmap does
  }
}

TEST_F(CaptureStack, ARecursionDeeperThanTheLimitIsCutAndItsNodesStayFew) {
  // Each level captures: with the whole of 1024 frames made anew each time that were millions of
  // nodes.
  static unsigned depth;
  depth = 0;
  struct Deep {
    static int go() {
      capture_stack_builtin(*g_tally.ring, MEMWATCH_CALL_SITE());
      return ++depth < 5000 ? recurse(0, go) : 0;
    }
  };
  Deep::go();
  capture_both_ways();
  EXPECT_GT(tracked_.segment().header().truncated_stacks.load(), 3000U);
  EXPECT_LT(tracked_.segment().header().nodes_used.load(), 40'000U);
}

}  // namespace
}  // namespace memwatch::preload
