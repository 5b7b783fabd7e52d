// Sampling from the countdown to the estimate: the shim's sampler and recorder, the collector's
// intake and model, on programs whose true figures are known. Seeds are fixed, so that a run is as
// good as any other.
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "collector/intake/tracked_process.h"
#include "preload/quick_path.h"
#include "preload/record.h"
#include "preload/sampled_blocks.h"
#include "preload/sampler.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

using intake::TrackedProcess;
using intake_testing::SegmentBuilder;
using preload_testing::record_free;
using preload_testing::ShimInProcess;

constexpr std::uint64_t kInterval = 2048;

void allocate(std::uint64_t address, std::size_t size, const CallSite& site) {
  record_allocation(Function::malloc_, reinterpret_cast<const void*>(address), size, site);
}

// Three sites: small blocks, blocks about as large as the interval, and blocks that are always
// recorded.
[[gnu::noinline]] void small_site(std::uint64_t address, std::size_t size) {
  allocate(address, size, MEMWATCH_CALL_SITE());
}
[[gnu::noinline]] void middle_site(std::uint64_t address, std::size_t size) {
  allocate(address, size, MEMWATCH_CALL_SITE());
}
[[gnu::noinline]] void large_site(std::uint64_t address, std::size_t size) {
  allocate(address, size, MEMWATCH_CALL_SITE());
}

struct Truth {
  double blocks = 0, bytes = 0, allocations = 0, allocated = 0;
};

// One recorded program; everything freshly made.
class Sampled {
 public:
  explicit Sampled(std::uint64_t seed, std::uint64_t interval = kInterval) {
    process_.live().facts.mode = model::Mode::sample;
    protocol::SegmentHeader& header = process_.segment().header();
    header.sample_interval.store(interval);
    header.control.store(static_cast<std::uint32_t>(protocol::Control::sample));
    t_state.random = seed * 0x9e3779b97f4a7c15ULL + 1;
    t_state.bytes_to_sample = 0;
    t_state.rest_of_gap = 0;
    t_state.halvings = 0;
    t_state.drawn_with = interval;
  }
  ~Sampled() {
    for (const auto& [address, size] : live_) remove_sampled_block(address);
  }
  Sampled(const Sampled&) = delete;
  Sampled& operator=(const Sampled&) = delete;

  void malloc_at(int site, std::size_t size) {
    const std::uint64_t address = next_ += 16;
    if (site == 0) small_site(address, size);
    if (site == 1) middle_site(address, size);
    if (site == 2) large_site(address, size);
    live_.emplace_back(address, size);
    truth_[site].allocations += 1;
    truth_[site].allocated += static_cast<double>(size);
    truth_[site].blocks += 1;
    truth_[site].bytes += static_cast<double>(size);
    site_of_[address] = site;
  }
  void free_last(int site_only = -1) {
    const auto [address, size] = live_.back();
    const int site = site_of_[address];
    if (site_only >= 0 && site != site_only) return;
    live_.pop_back();
    record_free(address);
    truth_[site].blocks -= 1;
    truth_[site].bytes -= static_cast<double>(size);
  }
  const model::Process& finish() {
    process_.drain_to_end();
    process_.live().settle();
    return process_.live().facts;
  }
  [[nodiscard]] Truth total() const {
    Truth sum;
    for (const auto& [site, truth] : truth_) {
      sum.blocks += truth.blocks;
      sum.bytes += truth.bytes;
      sum.allocations += truth.allocations;
      sum.allocated += truth.allocated;
    }
    return sum;
  }
  [[nodiscard]] const Truth& at(int site) { return truth_[site]; }
  TrackedProcess& process() { return process_; }

 private:
  model::Session session_;
  model::StackTable table_{session_};
  SegmentBuilder builder_{protocol::compact_geometry()};
  TrackedProcess process_{builder_.take(), table_, "/p", 1ULL << 40, false};
  ShimInProcess shim_{process_.segment()};
  std::uint64_t next_ = 0x7f0000000000;
  std::vector<std::pair<std::uint64_t, std::size_t>> live_;
  std::map<std::uint64_t, int> site_of_;
  std::map<int, Truth> truth_;
};

void run_program(Sampled& program, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 6000; ++i) {
    program.malloc_at(0, random() % 300);
    if (i % 8 == 0) program.malloc_at(1, 1000 + random() % 4000);
    if (i % 300 == 0) program.malloc_at(2, kAlwaysFrom * kInterval + random() % 10'000);
    if (random() % 2 == 0) program.free_last();
    if (i % 512 == 0) program.process().drain();
  }
}

// How often the truth lies within 1.96 standard deviations of the estimate, and the mean of the
// errors in units of their own standard deviation.
struct Scores {
  int runs = 0, within = 0;
  double sum = 0, squares = 0;
  void add(double estimate, double deviation, double truth) {
    const double z = (estimate - truth) / deviation;
    ++runs;
    if (std::abs(z) <= 1.96) ++within;
    sum += z;
    squares += z * z;
  }
  [[nodiscard]] double coverage() const { return static_cast<double>(within) / runs; }
  [[nodiscard]] double mean() const { return sum / runs; }
};

TEST(Sampling, EstimatesAreUnbiasedAndTheirIntervalsHoldTheTruthInNinetyFiveOfAHundredCases) {
  constexpr int kRuns = 800;
  Scores live, allocated, small, middle;
  double count_error = 0;
  for (int seed = 1; seed <= kRuns; ++seed) {
    Sampled program(static_cast<std::uint64_t>(seed));
    run_program(program, static_cast<std::uint64_t>(seed) + 7);
    const model::Process& facts = program.finish();
    const Truth truth = program.total();
    live.add(static_cast<double>(facts.heap.live_bytes),
             static_cast<double>(facts.heap.live_deviation), truth.bytes);
    allocated.add(static_cast<double>(facts.totals.allocated_bytes),
                  static_cast<double>(facts.totals.allocated_deviation), truth.allocated);
    count_error += static_cast<double>(facts.totals.allocations) / truth.allocations - 1;
    ASSERT_EQ(facts.sites.size(), 3U);
    int site = 0;
    for (const int wanted : {0, 1, 2}) {
      // Sites are told apart by what they are known to hold: the exact one is free of error.
      for (const model::Site& row : facts.sites) {
        const double distance =
            std::abs(static_cast<double>(row.allocated_bytes) - program.at(wanted).allocated);
        if (distance > 0.25 * program.at(wanted).allocated) continue;
        ++site;
        if (wanted == 2) {
          EXPECT_EQ(static_cast<double>(row.live_bytes), program.at(2).bytes);
          EXPECT_EQ(static_cast<double>(row.allocations), program.at(2).allocations);
          EXPECT_EQ(row.live_deviation, 0U);
        } else {
          (wanted == 0 ? small : middle)
              .add(static_cast<double>(row.live_bytes), static_cast<double>(row.live_deviation),
                   program.at(wanted).bytes);
        }
        break;
      }
    }
    EXPECT_EQ(site, 3);
  }
  for (const auto& [name, scores] : std::map<std::string, Scores>{{"live", live},
                                                                  {"allocated", allocated},
                                                                  {"small site", small},
                                                                  {"middle site", middle}}) {
    EXPECT_GE(scores.coverage(), 0.93) << name;
    EXPECT_LE(scores.coverage(), 0.97) << name;
    // Four standard errors of a mean of kRuns; the skew of few samples is well below that.
    EXPECT_LE(std::abs(scores.mean()), 4 / std::sqrt(kRuns)) << name;
  }
  EXPECT_LE(std::abs(count_error / kRuns), 0.01);
}

TEST(Sampling, WhatIsFreedIsGoneToTheByte) {
  Sampled program(5);
  run_program(program, 5);
  while (program.total().blocks > 0) program.free_last();
  const model::Process& facts = program.finish();
  EXPECT_EQ(facts.heap.live_bytes, 0U);
  EXPECT_EQ(facts.heap.live_blocks, 0U);
  EXPECT_EQ(facts.totals.allocated_bytes, facts.totals.freed_bytes);
  EXPECT_EQ(facts.totals.allocations, facts.totals.frees);
  EXPECT_EQ(facts.heap.live_deviation, 0U);
}

TEST(Sampling, ABlockOfFourIntervalsIsAlwaysRecordedAndStandsForItself) {
  Sampled program(6);
  for (int i = 0; i < 500; ++i) program.malloc_at(2, kAlwaysFrom * kInterval);
  const model::Process& facts = program.finish();
  EXPECT_EQ(facts.totals.allocations, 500U);
  EXPECT_EQ(facts.heap.live_bytes, 500U * kAlwaysFrom * kInterval);
  EXPECT_EQ(facts.totals.allocated_deviation, 0U);
}

TEST(Sampling, AReallocationMovesWhatTheBlockStoodFor) {
  Sampled program(7, 64);
  std::uint64_t address = 0x7e0000000000;
  std::vector<std::uint64_t> blocks;
  for (int i = 0; i < 2000; ++i) {
    address += 64;
    record_allocation(Function::malloc_, reinterpret_cast<const void*>(address), 40,
                      MEMWATCH_CALL_SITE());
    blocks.push_back(address);
  }
  for (std::uint64_t& block : blocks) {
    Reallocation reallocation(reinterpret_cast<const void*>(block));
    block += 0x100000000;
    reallocation.succeeded(Function::realloc_, reinterpret_cast<const void*>(block), 80,
                           MEMWATCH_CALL_SITE());
    if (t_state.bytes_to_sample % 7 == 0) program.process().drain();
  }
  const model::Process& facts = program.finish();
  EXPECT_NEAR(static_cast<double>(facts.totals.allocations), 2000, 250);
  EXPECT_NEAR(static_cast<double>(facts.totals.reallocations), 2000, 200);
  EXPECT_NEAR(static_cast<double>(facts.heap.live_bytes), 160'000,
              4 * static_cast<double>(facts.heap.live_deviation));
  EXPECT_EQ(facts.totals.frees, 0U);
  for (const std::uint64_t block : blocks) record_free(block);
  EXPECT_EQ(program.finish().heap.live_bytes, 0U);
}

TEST(Sampling, ManyThreadsPassBlocksAroundAndNothingIsLeft) {
  Sampled program(8, 256);
  for (int round = 0; round < 200; ++round) {
    std::thread([round] {
      t_state.random = static_cast<std::uint64_t>(round) + 99;
      for (std::uint64_t i = 0; i < 50; ++i) {
        small_site(0x7d0000000000 + (static_cast<std::uint64_t>(round) * 50 + i) * 64, 100);
      }
    }).join();
    std::thread([round] {
      for (std::uint64_t i = 0; i < 50; ++i) {
        record_free(0x7d0000000000 + (static_cast<std::uint64_t>(round) * 50 + i) * 64);
      }
    }).join();
    program.process().drain();
  }
  const model::Process& facts = program.finish();
  EXPECT_EQ(facts.heap.live_bytes, 0U);
  EXPECT_EQ(facts.losses.unmatched_frees, 0U);
  EXPECT_NEAR(static_cast<double>(facts.totals.allocated_bytes), 1e6,
              5 * static_cast<double>(facts.totals.allocated_deviation));
}

// The blocks of a program's life in three parts, of which the second may be watched: allocated,
// freed and moved at random, by the same choices whatever is recorded.
class WatchedLife {
 public:
  using Blocks = std::map<std::uint64_t, std::size_t>;

  void live(TrackedProcess& process, bool with_watch) {
    step(process);
    if (with_watch) process.begin_watch();
    of_watch_.clear();
    allocations_ = reallocations_ = 0;
    step(process);
    if (with_watch) {
      expect_watched(process);
      process.stop_watching();
    }
    step(process);
  }
  void end() {
    for (const auto& [address, size] : blocks_) record_free(address);
    blocks_.clear();
  }
  [[nodiscard]] std::uint64_t all() const { return all_; }
  [[nodiscard]] std::uint64_t all_frees() const { return all_frees_; }

 private:
  void step(TrackedProcess& process) {
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t chance = random_() % 4;
      if (chance < 2 || blocks_.empty()) {
        const std::uint64_t address = next_ += 16;
        const std::size_t size = random_() % 3000;
        small_site(address, size);
        blocks_[address] = of_watch_[address] = size;
        ++allocations_;
        ++all_;
      } else {
        auto at = blocks_.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(random_() % blocks_.size()));
        const std::uint64_t old = at->first;
        blocks_.erase(at);
        of_watch_.erase(old);
        ++all_frees_;
        if (chance == 2) {
          record_free(old);
        } else {
          move(old);
        }
      }
      if (i % 50 == 0) process.drain();
    }
    process.drain();
  }
  void move(std::uint64_t old) {
    const std::uint64_t address = next_ += 16;
    const std::size_t size = random_() % 3000;
    Reallocation reallocation(reinterpret_cast<const void*>(old));
    reallocation.succeeded(Function::realloc_, reinterpret_cast<const void*>(address), size,
                           MEMWATCH_CALL_SITE());
    blocks_[address] = of_watch_[address] = size;
    ++reallocations_;
    ++all_;
  }

  void expect_watched(TrackedProcess& process) const {
    model::LiveProcess* const watch = process.watch();
    ASSERT_NE(watch, nullptr);
    EXPECT_TRUE(watch->facts.losses.exact);
    EXPECT_EQ(watch->facts.totals.allocations, allocations_);
    EXPECT_EQ(watch->facts.totals.reallocations, reallocations_);
    Blocks found;
    watch->heap().for_each(
        [&](const model::LiveBlock& block) { found[block.address] = block.size; });
    EXPECT_GT(found.size(), 500U);
    EXPECT_EQ(found, of_watch_);
  }

  std::mt19937_64 random_{11};
  std::uint64_t next_ = 0x7c0000000000;
  Blocks blocks_, of_watch_;  // of_watch_: those of this part
  std::uint64_t allocations_ = 0, reallocations_ = 0, all_ = 0, all_frees_ = 0;
};

TEST(Watch, ASampleIsTheSameWithOneAndEveryBlockOfItIsKnown) {
  model::Process facts[2];
  for (const bool with_watch : {false, true}) {
    Sampled program(21);
    WatchedLife life;
    life.live(program.process(), with_watch);
    life.end();
    program.process().forget_watch();
    facts[with_watch ? 1 : 0] = program.finish();
  }
  const auto& [without, with] = facts;
  EXPECT_GT(without.totals.allocations, 3000U);
  EXPECT_EQ(with.totals.allocations, without.totals.allocations);
  EXPECT_EQ(with.totals.reallocations, without.totals.reallocations);
  EXPECT_EQ(with.totals.frees, without.totals.frees);
  EXPECT_EQ(with.totals.allocated_bytes, without.totals.allocated_bytes);
  EXPECT_EQ(with.totals.allocated_deviation, without.totals.allocated_deviation);
  EXPECT_EQ(with.heap.live_bytes, 0U);
  EXPECT_EQ(without.heap.live_bytes, 0U);
  EXPECT_EQ(with.heap.peak_bytes, without.heap.peak_bytes);
  for (std::size_t i = 0; i < kFunctionCount; ++i) {
    EXPECT_EQ(with.functions[i].calls, without.functions[i].calls) << i;
  }
  EXPECT_EQ(with.losses.dropped_allocations + with.losses.dropped_frees, 0U);
}

TEST(Watch, TheCountersOfAnIdleProcessGoOnBesideIt) {
  for (const bool with_watch : {false, true}) {
    Sampled program(22);
    TrackedProcess& process = program.process();
    process.live().facts.mode = model::Mode::idle;
    process.segment().header().control.store(static_cast<std::uint32_t>(protocol::Control::idle));
    WatchedLife life;
    life.live(process, with_watch);
    process.forget_watch();
    process.drain();
    process.count_idle();
    const model::Totals& totals = process.live().facts.totals;
    EXPECT_EQ(totals.allocations, life.all());
    EXPECT_EQ(totals.frees, life.all_frees());
    EXPECT_EQ(process.live().facts.heap.live_blocks, 0U);
    EXPECT_EQ(process.live().facts.losses.unmatched_frees, 0U);
    life.end();
  }
}

TEST(Watch, LeavesRoomForTheSampleAndCountsWhatItMisses) {
  Sampled program(23, 1U << 20);
  TrackedProcess& process = program.process();
  process.segment().header().on_full.store(static_cast<std::uint32_t>(protocol::OnFull::drop));
  process.segment().header().large_bytes.store(4U << 20);  // always in the sample
  program.malloc_at(0, 100);
  process.begin_watch();
  constexpr int kBlocks = 200'000;  // more than its ring holds
  for (int i = 0; i < kBlocks; ++i) program.malloc_at(0, 100);
  for (int i = 0; i < 1000; ++i) program.free_last();
  for (int i = 0; i < 20; ++i) program.malloc_at(2, 8U << 20);
  const model::Process& facts = program.finish();
  EXPECT_EQ(facts.losses.dropped_allocations, 0U);
  EXPECT_GE(facts.heap.live_bytes, 20U * (8U << 20));
  model::LiveProcess* const watch = process.watch();
  EXPECT_FALSE(watch->facts.losses.exact);
  EXPECT_EQ(watch->facts.totals.allocations + watch->facts.losses.dropped_allocations,
            kBlocks + 20U);
  EXPECT_EQ(watch->facts.losses.dropped_frees, 1000U);
  process.collect_losses();
  EXPECT_EQ(facts.losses.dropped_allocations + facts.losses.dropped_frees, 0U);
}

TEST(MemoryGone, IsNotedOfBlocksThatMayBeUnmappedInEveryMode) {
  Sampled program(9);
  protocol::SegmentHeader& header = program.process().segment().header();
  for (const auto mode :
       {protocol::Control::idle, protocol::Control::sample, protocol::Control::exact}) {
    header.control.store(static_cast<std::uint32_t>(mode));
    for (const bool quick : {true, false}) {
      const auto free_at = [quick](std::uint64_t address) {
        // With the quick path as free() does it, without as free_sized() does.
        if (quick && free_needs_no_record(reinterpret_cast<const void*>(address))) return;
        record_free(address);
      };
      const std::uint32_t before = g_memory_gone.load();
      free_at(0x7f0000000020);
      EXPECT_EQ(g_memory_gone.load(), before) << "a small block stays where it is";
      free_at(0x7f0000001010);
      EXPECT_EQ(g_memory_gone.load(), before + 1);
    }
    const std::uint32_t before = g_memory_gone.load();
    { const Reallocation moved(reinterpret_cast<const void*>(std::uintptr_t{0x7f0000002010})); }
    EXPECT_EQ(g_memory_gone.load(), before + 1);
  }
}

TEST(SampledBlocks, AreFoundAndForgotten) {
  std::mt19937_64 random(3);
  std::map<std::uint64_t, bool> known;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t address = 16 * (1 + random() % 4000);
    if (known[address]) {
      EXPECT_TRUE(may_be_sampled(address));
      EXPECT_TRUE(remove_sampled_block(address));
      known[address] = false;
    } else if (random() % 2 == 0) {
      EXPECT_FALSE(remove_sampled_block(address));
    } else {
      known[address] = add_sampled_block(address);
    }
  }
  for (const auto& [address, is_in] : known) EXPECT_EQ(remove_sampled_block(address), is_in);
}

TEST(SampledBlocks, AFullBucketTakesNoMore) {
  std::vector<std::uint64_t> same;
  for (std::uint64_t address = 16; same.size() < 9; address += 16) {
    if (sample_bucket(address) == sample_bucket(16)) same.push_back(address);
  }
  for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(add_sampled_block(same[i]));
  EXPECT_FALSE(add_sampled_block(same[8]));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(remove_sampled_block(same[i]));
  EXPECT_FALSE(may_be_sampled(16));
}

}  // namespace
}  // namespace memwatch::preload
