// The tree of stacks and the table of modules under many threads at once. Meant for the thread
// sanitizer too.
#include "preload/stack_tree.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <barrier>
#include <deque>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "preload/module_table.h"
#include "preload/process_state.h"
#include "preload/thread_ring.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

using intake_testing::SegmentBuilder;

class StackTree : public testing::Test {
 protected:
  StackTree()
      : target_(protocol::compact_geometry()),
        segment_(keep_for_good(target_.take())),
        shim_(segment_) {}

  // Every thread begins at once.
  template <typename Work>
  static void in_threads(unsigned count, const Work& work) {
    std::barrier start(static_cast<std::ptrdiff_t>(count));
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < count; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        work(t);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  // As a capture does it: by a hint, or by the tree.
  static std::uint32_t node_of(std::uint32_t parent, std::uint64_t pc) {
    const std::uint32_t hinted = hinted_node(parent, pc);
    return hinted != 0 ? hinted : intern_frame(parent, pc);
  }

  void expect_node(std::uint32_t id, std::uint32_t parent, std::uint64_t pc) const {
    ASSERT_GE(id, protocol::kFirstNode);
    ASSERT_LT(id, segment_.header().nodes_used.load());
    ASSERT_EQ(target_.node(id).pc, pc);
    ASSERT_EQ(target_.node(id).parent, parent);
  }

  // Never unmapped: what was given back of it may be somebody else's memory by then.
  static const intake::Segment& keep_for_good(intake::Segment segment) {
    static auto* const all = new std::deque<intake::Segment>;
    return all->emplace_back(std::move(segment));
  }

  SegmentBuilder target_;
  const intake::Segment& segment_;
  preload_testing::ShimInProcess shim_;
};

// Is there no page at a place that was given back? A thread sanitizer takes such places for itself.
bool is_unmapped(void* page) {
#ifdef __SANITIZE_THREAD__
  (void)page;
  return true;
#else
  unsigned char resident = 0;
  return mincore(page, 4096, &resident) == -1;
#endif
}

TEST_F(StackTree, ThreadsThatMeetTheSameFramesAgreeOnTheirNodes) {
  constexpr unsigned kThreads = 4, kStacks = 400, kDepth = 12, kRounds = 3;
  std::vector<std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t>> met(kThreads);
  in_threads(kThreads, [&](unsigned t) {
    std::mt19937 random(t / 2);  // two and two go the same way at the same time
    for (unsigned i = 0; i < kRounds * kStacks; ++i) {
      const auto stack = static_cast<unsigned>(random() % kStacks);
      std::uint32_t node = 0;
      for (unsigned depth = 0; depth < kDepth; ++depth) {
        const std::uint64_t pc = 0x1000 + (stack >> (kDepth - depth)) * 16 + depth * 0x10000;
        const std::uint32_t child = node_of(node, pc);
        const auto [place, is_new] = met[t].try_emplace({node, pc}, child);
        ASSERT_EQ(place->second, child) << "a frame's node changed";
        node = child;
      }
    }
  });
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> all;
  for (const auto& one : met) {
    for (const auto& [frame, node] : one) {
      expect_node(node, frame.first, frame.second);
      ASSERT_EQ(all.try_emplace(frame, node).first->second, node) << "two nodes for one frame";
    }
  }
}

TEST_F(StackTree, GivingBackAddressesWhileThreadsInternLosesNoNode) {
  constexpr unsigned kThreads = 3, kFrames = 40'000;
  const std::uint32_t before = segment_.geometry().nodes;
  std::atomic<unsigned> running{kThreads};
  std::atomic<unsigned> refused{0};
  std::atomic<bool> has_begun{false};  // on a busy machine all might be over before
  in_threads(kThreads + 1, [&](unsigned t) {
    if (t == kThreads) {
      while (running > 0) {
        give_back_unused_nodes(0);
        has_begun = true;
        std::this_thread::yield();
      }
      return;
    }
    std::uint32_t node = 0;
    for (unsigned i = 0; i < kFrames; ++i) {
      while (i == kFrames / 40 && !has_begun) std::this_thread::yield();
      const std::uint64_t pc = 0x100000 * (t + 1) + i * 16;
      const std::uint32_t child = node_of(i % 50 == 0 ? 0 : node, pc);
      if (child == 0) {
        ++refused;
        continue;
      }
      expect_node(child, i % 50 == 0 ? 0 : node, pc);
      node = child;
    }
    --running;
  });
  EXPECT_GT(refused, 0U);  // 32 768 nodes are what stays
  const std::uint32_t used = segment_.header().nodes_used.load();
  EXPECT_GE(used, 32U << 10);
  EXPECT_LT(used, before);
  // What is behind them is not ours any more.
  EXPECT_TRUE(is_unmapped(&target_.node(before - 256)));
}

TEST_F(StackTree, RingsWhoseAddressesWereGivenBackAreNotClaimed) {
  constexpr unsigned kThreads = 30;
  preload_testing::record_malloc(0x10000, 1);  // the first ring
  give_back_unused_rings(0);
  const protocol::Geometry& geometry = segment_.geometry();
  EXPECT_TRUE(is_unmapped(segment_.at<char>(geometry.segment_bytes - 4096)));
  std::barrier all_have_tried(kThreads);
  in_threads(kThreads, [&](unsigned t) {
    preload_testing::record_malloc(0x20000 + t * 16, 1);
    all_have_tried.arrive_and_wait();  // no ring becomes free meanwhile
  });
  EXPECT_EQ(segment_.header().dropped_allocations.load(), kThreads - 4);
}

TEST_F(StackTree, AnAddressHasTheModuleThatCoversItWhoeverAsksFirst) {
  const std::uint64_t code[] = {reinterpret_cast<std::uint64_t>(&std::malloc),
                                reinterpret_cast<std::uint64_t>(&dlsym),
                                reinterpret_cast<std::uint64_t>(&hinted_node) | 1,
                                reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, "_Znwm"))};
  std::vector<std::vector<std::uint32_t>> found(4);
  in_threads(4, [&](unsigned t) {
    for (unsigned i = 0; i < 400; ++i) {
      found[t].push_back(module_of(code[(i + t) % 4]));
      if (t == 3 && i % 16 == 0) forget_unloaded_modules();  // none is, so nothing goes
    }
  });
  for (unsigned t = 0; t < 4; ++t) {
    for (unsigned i = 0; i < found[t].size(); ++i) {
      const std::uint32_t module = found[t][i];
      ASSERT_GT(module, 0U);
      ASSERT_LT(module, segment_.header().modules_used.load());
      ASSERT_EQ(target_.module(module).ready.load(), 1U);
      ASSERT_GE(code[(i + t) % 4], target_.module(module).start);
      ASSERT_LT(code[(i + t) % 4], target_.module(module).end);
    }
  }
}

}  // namespace
}  // namespace memwatch::preload
