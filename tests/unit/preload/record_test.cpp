// Both ends of the protocol in one process: the shim's record_* functions write into a real segment
// from real threads, the collector drains it meanwhile. Meant to be run under the thread sanitizer
// too: it is the test of the lock-free parts.
#include "preload/record.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "collector/intake/flight_reader.h"
#include "collector/intake/tracked_process.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

using intake::TrackedProcess;
using intake_testing::SegmentBuilder;
using preload_testing::record_free;
using preload_testing::record_malloc;
using preload_testing::ShimInProcess;

const void* block(std::uint64_t address) {
  return reinterpret_cast<const void*>(address);
}

class Recorded : public testing::Test {
 protected:
  explicit Recorded(const protocol::Geometry& geometry = protocol::compact_geometry())
      : target_(geometry),
        tracked_(target_.take(), table_, "/p", 1ULL << 30, false),
        shim_(tracked_.segment()) {}
  [[nodiscard]] model::Process& facts() { return tracked_.live().facts; }
  void finish() {
    tracked_.drain_to_end();
    tracked_.collect_losses();
    tracked_.live().settle();
  }
  void expect_exact() {
    EXPECT_TRUE(facts().losses.exact);
    EXPECT_EQ(facts().losses.unmatched_frees, 0U);
    EXPECT_EQ(facts().losses.damaged_records, 0U);
    EXPECT_EQ(facts().heap.live_bytes, facts().totals.allocated_bytes - facts().totals.freed_bytes);
  }

  model::Session session_;
  model::StackTable table_{session_};
  SegmentBuilder target_;
  TrackedProcess tracked_;
  ShimInProcess shim_;
  static constexpr std::uint64_t kA = 0x10000000;
};

TEST_F(Recorded, ShortAndLongEventsOfOneThread) {
  record_malloc(kA, 24);
  record_malloc(kA + 8, 24);           // does not fit a short record: address
  record_malloc(kA + 0x100, 1 << 24);  // nor this: size
  record_free(kA);
  record_free(kA + 8);
  {
    Reallocation reallocation(block(kA + 0x100));
    reallocation.succeeded(Function::realloc_, block(kA), 48, MEMWATCH_CALL_SITE());
  }
  {
    Reallocation reallocation(block(kA));
    reallocation.failed(Function::realloc_, 1ULL << 62, ENOMEM, MEMWATCH_CALL_SITE());
  }
  record_failure(Function::malloc_, 1ULL << 60, ENOMEM, MEMWATCH_CALL_SITE());
  finish();
  EXPECT_EQ(facts().totals.allocations, 3U);
  EXPECT_EQ(facts().totals.frees, 2U);
  EXPECT_EQ(facts().totals.reallocations, 1U);
  EXPECT_EQ(facts().totals.failed, 2U);
  EXPECT_EQ(facts().heap.live_bytes, 48U);
  {
    Reallocation reallocation(block(kA));
    reallocation.freed(Function::realloc_);
  }
  finish();
  EXPECT_EQ(facts().heap.live_blocks, 0U);
  EXPECT_EQ(facts().totals.frees, 3U);
  expect_exact();
}

TEST_F(Recorded, StacksAndModulesArriveWhole) {
  record_malloc(kA, 1);
  finish();
  ASSERT_EQ(facts().sites.size(), 1U);
  std::vector<std::string> modules;
  for (model::StackId at = facts().sites[0].stack; at != model::kNone;
       at = session_.stacks[at].parent) {
    const model::CodeAddress& code = session_.code_addresses[session_.stacks[at].address];
    modules.push_back(session_.modules[code.module].path);
  }
  ASSERT_GE(modules.size(), 3U);
  EXPECT_EQ(modules.front(), "/p");  // this program, which the loader does not name
  EXPECT_EQ(modules.back(), "/p");   // _start
  EXPECT_EQ(session_.code_addresses[session_.stacks[facts().sites[0].stack].address].exact, false);
}

TEST_F(Recorded, TheSamePlaceIsOneSite) {
  for (std::uint64_t i = 1; i <= 100; ++i) record_malloc(kA + i * 16, 1);
  record_malloc(kA, 1);
  finish();
  EXPECT_EQ(facts().sites.size(), 2U);
}

TEST_F(Recorded, PagesInAllTheirForms) {
  record_map(Function::mmap_, block(0x100000), 0x3000, MEMWATCH_CALL_SITE());
  {
    PageRelease release;
    release.unmapped(block(0x100000), 0x1000, false, MEMWATCH_CALL_SITE());
  }
  {
    PageRelease release;
    release.unmapped(block(0x100000), 0x1000, true, MEMWATCH_CALL_SITE());
  }
  {
    PageRelease release;
    release.remapped(block(0x101000), 0x2000, block(0x200000), 0x4000, false, MEMWATCH_CALL_SITE());
  }
  record_break(Function::sbrk_, block(0x1000), block(0x1800), MEMWATCH_CALL_SITE());
  finish();
  EXPECT_EQ(facts().mapped.live_bytes, 0x4800U);
  EXPECT_EQ(facts().totals.maps, 1U);
  EXPECT_EQ(facts().totals.unmaps, 1U);
  expect_exact();
}

TEST_F(Recorded, IdleModeCountsAndKeepsTheNotable) {
  tracked_.segment().header().control.store(static_cast<std::uint32_t>(protocol::Control::idle));
  tracked_.segment().header().large_bytes.store(1000);
  record_malloc(kA, 10);
  record_malloc(kA + 16, 5000);
  record_free(kA);
  record_failure(Function::malloc_, 1ULL << 60, ENOMEM, MEMWATCH_CALL_SITE());
  const protocol::ThreadSlot& slot = target_.thread_slot(0);
  EXPECT_EQ(slot.idle_allocations.load(), 2U);
  EXPECT_EQ(slot.idle_frees.load(), 1U);
  EXPECT_EQ(slot.idle_bytes.load(), 5010U);
  finish();
  EXPECT_EQ(facts().totals.allocations, 0U);
  intake::replay_flight(tracked_.segment(), tracked_, {});
  EXPECT_EQ(facts().totals.failed, 1U);
  ASSERT_EQ(target_.header().flight_next.load(), 2U);
  EXPECT_EQ(target_.flight(0).size, 5000U);
}

TEST_F(Recorded, EventsCarryTheEpochTheyWereWrittenIn) {
  tracked_.segment().header().epoch.store(1500);
  record_malloc(kA, 10);
  tracked_.segment().header().epoch.store(2500);
  record_malloc(kA + 16, 10);
  finish();
  EXPECT_DOUBLE_EQ(facts().heap.peak_at, 2.5);
}

std::atomic<bool> g_handler_ran{false};
void record_in_handler(int) {
  record_malloc(0x20000000, 5);
  record_free(0x20000000);
  record_malloc(0x20000010, 7);
  g_handler_ran = true;
}

TEST_F(Recorded, AHandlerThatInterruptsAHookRecordsIntoTheNextRing) {
  struct sigaction action {
  }, before{};
  action.sa_handler = record_in_handler;
  sigaction(SIGUSR1, &action, &before);
  record_malloc(kA, 24);
  {
    Reallocation reallocation(block(kA));
    raise(SIGUSR1);
    reallocation.succeeded(Function::realloc_, block(kA), 48, MEMWATCH_CALL_SITE());
  }
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(g_handler_ran);
  record_free(kA);
  finish();
  EXPECT_EQ(target_.header().slots_used.load(), 2U);
  EXPECT_EQ(facts().totals.allocations, 3U);
  EXPECT_EQ(facts().totals.reallocations, 1U);
  EXPECT_EQ(facts().heap.live_bytes, 7U);
  expect_exact();
}

class FullRing : public Recorded {
 protected:
  FullRing() : Recorded(intake_testing::small_geometry()) {}
};

TEST_F(FullRing, DropsAndCountsButKeepsRoomForFrees) {
  tracked_.segment().header().on_full.store(static_cast<std::uint32_t>(protocol::OnFull::drop));
  for (std::uint64_t i = 1; i <= 2000; ++i) record_malloc(kA + i * 16, 1);
  for (std::uint64_t i = 1; i <= 50; ++i) record_free(kA + i * 16);
  finish();
  const model::Totals& totals = facts().totals;
  EXPECT_EQ(totals.allocations + facts().losses.dropped_allocations, 2000U);
  EXPECT_GT(totals.allocations, 800U);
  EXPECT_EQ(totals.frees, 50U);
  EXPECT_FALSE(facts().losses.exact);
}

TEST_F(FullRing, GoesIdleWhenTheCollectorIsDead) {
  tracked_.segment().header().heartbeat_ms.store(1);
  for (std::uint64_t i = 1; i <= 1100; ++i) record_malloc(kA + i * 16, 1);
  EXPECT_EQ(tracked_.segment().header().control.load(),
            static_cast<std::uint32_t>(protocol::Control::idle));
  EXPECT_EQ(tracked_.segment().header().gave_up.load(), 1U);
  finish();
  EXPECT_FALSE(facts().losses.exact);
}

TEST_F(FullRing, WaitsForACollectorThatIsSlow) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= 20'000; ++i) {
      record_malloc(kA + i % 7 * 16, i);
      record_free(kA + i % 7 * 16);
    }
    done = true;
  });
  while (!done) {
    tracked_.segment().header().heartbeat_ms.fetch_add(1);
    tracked_.drain();
    std::this_thread::yield();
  }
  writer.join();
  finish();
  EXPECT_EQ(facts().totals.allocations, 20'000U);
  EXPECT_EQ(facts().totals.frees, 20'000U);
  EXPECT_EQ(facts().totals.temporary, 20'000U);
  expect_exact();
}

// A toy allocator whose addresses all threads share: what one frees, the next is given at once.
class SharedAddresses {
 public:
  explicit SharedAddresses(std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) free_.push_back(0x30000000 + i * 16);
  }
  std::uint64_t take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return 0;
    const std::uint64_t address = free_.back();
    free_.pop_back();
    return address;
  }
  void give(std::uint64_t address) {
    const std::lock_guard lock(mutex_);
    free_.push_back(address);
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint64_t> free_;
};

struct Sums {
  std::uint64_t allocations = 0, frees = 0, reallocations = 0, allocated = 0;
};

// Allocates, hands over, frees other threads' blocks, reallocates: each event recorded as a hook
// does it, an allocation after the address was taken, a free before it is given back.
Sums work(unsigned seed, unsigned events, SharedAddresses& addresses,
          SharedAddresses& handed_over) {
  std::mt19937 random(seed);
  Sums sums;
  std::vector<std::uint64_t> mine;
  for (unsigned i = 0; i < events; ++i) {
    const std::size_t size = random() % 4096;
    const unsigned dice = random() % 8;
    if (dice < 3 || mine.empty()) {
      const std::uint64_t address = addresses.take();
      if (address == 0) continue;
      record_malloc(address, size);
      ++sums.allocations;
      sums.allocated += size;
      mine.push_back(address);
    } else if (dice < 5) {
      handed_over.give(mine.back());
      mine.pop_back();
    } else if (dice < 7) {
      const std::uint64_t address = handed_over.take();
      if (address == 0) continue;
      record_free(address);
      ++sums.frees;
      addresses.give(address);
    } else {
      const std::uint64_t address = addresses.take();
      if (address == 0) continue;
      Reallocation reallocation(block(mine.back()));
      addresses.give(mine.back());
      reallocation.succeeded(Function::realloc_, block(address), size, MEMWATCH_CALL_SITE());
      ++sums.reallocations;
      sums.allocated += size;
      mine.back() = address;
    }
  }
  for (const std::uint64_t address : mine) {
    record_free(address);
    ++sums.frees;
    addresses.give(address);
  }
  return sums;
}

TEST_F(Recorded, ThreadsThatPassBlocksAroundAreCountedExactlyWhileTheCollectorReads) {
  constexpr unsigned kThreads = 4;
  constexpr unsigned kEvents = 20'000;
  record_malloc(kA, 1);  // the first ring is there, without numbers, before any thread starts
  SharedAddresses addresses(64), handed_over(0);
  std::atomic<unsigned> running{kThreads};
  std::vector<Sums> sums(kThreads);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned part = 0; part < 4; ++part) {
        const Sums some = work(t * 4 + part, kEvents / 4, addresses, handed_over);
        sums[t].allocations += some.allocations;
        sums[t].frees += some.frees;
        sums[t].reallocations += some.reallocations;
        sums[t].allocated += some.allocated;
      }
      --running;
    });
  }
  while (running > 0) {
    tracked_.segment().header().heartbeat_ms.fetch_add(1);
    tracked_.segment().header().epoch.fetch_add(1);
    tracked_.drain();
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  std::uint64_t left = 0;
  while (const std::uint64_t address = handed_over.take()) left += address != 0 ? 1U : 0U;
  finish();
  Sums all;
  for (const Sums& one : sums) {
    all.allocations += one.allocations;
    all.frees += one.frees;
    all.reallocations += one.reallocations;
    all.allocated += one.allocated;
  }
  EXPECT_EQ(facts().totals.allocations, all.allocations + 1);
  EXPECT_EQ(facts().totals.frees, all.frees);
  EXPECT_EQ(facts().totals.reallocations, all.reallocations);
  EXPECT_EQ(facts().totals.allocated_bytes, all.allocated + 1);
  EXPECT_EQ(facts().heap.live_blocks, left + 1);
  expect_exact();
}

TEST_F(Recorded, ManyShortThreadsReuseEachOthersRings) {
  for (unsigned i = 0; i < 300; ++i) {
    std::thread([i] {
      record_malloc(kA + i * 16, i);
      if (i > 0) record_free(kA + (i - 1) * 16);
    }).join();
    tracked_.drain();
  }
  finish();
  EXPECT_EQ(facts().totals.allocations, 300U);
  EXPECT_EQ(facts().heap.live_blocks, 1U);
  EXPECT_LT(target_.header().slots_used.load(), 50U);
  expect_exact();
}

}  // namespace
}  // namespace memwatch::preload
