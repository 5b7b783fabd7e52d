// The history of a process's heap: troughs, cohorts, and that it stays small.
#include "collector/model/heap_history.h"

#include <gtest/gtest.h>

#include <map>

#include "collector/model/live_process.h"

namespace memwatch::model {
namespace {

class History : public testing::Test {
 protected:
  static constexpr std::uint64_t kBlock = 10'000;

  void allocate(std::uint64_t address, StackId stack = 1, std::uint64_t size = kBlock) {
    process_.allocated(Function::malloc_, address, size, {stack, thread_, at_});
  }
  void release(std::uint64_t address) {
    process_.freed(Function::free_, address, {kNone, thread_, at_});
  }
  void end_epoch() { process_.end_epoch(at_ += 1); }
  std::map<std::uint32_t, SiteEpoch> site_epochs(StackId stack) {
    process_.settle();
    std::map<std::uint32_t, SiteEpoch> rows;
    for (const SiteEpoch& row : process_.facts.site_epochs) {
      if (row.stack == stack) rows[row.epoch] = row;
    }
    return rows;
  }

  LiveProcess process_{~0ULL};
  std::uint32_t thread_ = process_.thread_row(1, "main");
  double at_ = 0;
};

TEST_F(History, AnEpochHoldsTheLeastAndNotTheLast) {
  for (std::uint64_t i = 1; i <= 8; ++i) {
    allocate(0x1000 * i);
    allocate(0x999'0000);
    release(0x999'0000);
    allocate(0x999'0000);  // live when the epoch ends, not live throughout
    end_epoch();
    release(0x999'0000);
  }
  const auto rows = site_epochs(1);
  // In epoch 2 two blocks of the first two epochs were live all the time, and for a moment no more.
  EXPECT_EQ(rows.at(2).least_bytes, 2 * kBlock);
  EXPECT_EQ(process_.facts.epochs.at(2).least_bytes, 2 * kBlock);
}

TEST_F(History, AReallocationIsNoTrough) {
  allocate(0x1000);
  end_epoch();
  for (std::uint64_t i = 2; i <= 10; ++i) {
    const auto old = process_.release_for_reallocation(0x1000 * (i - 1));
    process_.reallocated(old, Function::realloc_, 0x1000 * i, kBlock * i, {1, thread_, at_});
    end_epoch();
  }
  EXPECT_EQ(site_epochs(1).at(9).least_bytes, 9 * kBlock);
}

TEST_F(History, SurvivorsAreCountedByTheCohortTheyWereBornIn) {
  // Each epoch two blocks; one of them lives for five epochs, the other for good.
  for (std::uint64_t i = 1; i <= 32; ++i) {
    allocate(0x1000 * i);
    allocate(0x100'0000 + 0x1000 * i);
    if (i > 5) release(0x100'0000 + 0x1000 * (i - 5));
    end_epoch();
  }
  const auto rows = site_epochs(1);
  EXPECT_EQ(process_.facts.survivor_looks[0], 28U);
  EXPECT_EQ(process_.facts.survivor_looks[1], 32U);
  EXPECT_EQ(rows.at(3).survived_second, 4 * kBlock);
  EXPECT_EQ(rows.at(31).survived_second, 8 * kBlock);
  EXPECT_EQ(rows.at(31).survived_first, 0U);
  EXPECT_EQ(rows.at(27).survived_first, 8 * kBlock);
}

TEST_F(History, ALongRunKeepsItsShapeInFewEpochs) {
  constexpr std::uint64_t kEpochs = 1000;
  for (std::uint64_t i = 1; i <= kEpochs; ++i) {
    allocate(0x1000 * i);
    end_epoch();
  }
  const auto rows = site_epochs(1);
  const std::vector<HeapEpoch>& epochs = process_.facts.epochs;
  ASSERT_GE(epochs.size(), HeapHistory::kEpochs / 2);
  ASSERT_LT(epochs.size(), HeapHistory::kEpochs);
  std::uint64_t survived = 0;
  for (std::uint32_t i = 0; i < epochs.size(); ++i) {
    if (i > 0) {
      EXPECT_GT(epochs[i].end, epochs[i - 1].end);
    }
    if (rows.contains(i)) survived += rows.at(i).survived_second;
  }
  // At the last look all that was allocated by then.
  const double look = epochs.at(process_.facts.survivor_looks[1] - 1).end;
  EXPECT_NEAR(static_cast<double>(survived), look * kBlock, 40.0 * kBlock);
}

TEST(HeapHistoryCost, EpochsAreAHundredTimesAsLongAsTheirEndsTake) {
  HeapHistory history;
  double at = 0;
  const auto end_cohort = [&](double cost) {
    for (std::size_t i = 0; i < kEpochsPerCohort; ++i) {
      HeapEpoch epoch;
      epoch.end = at += 1;
      history.add_epoch(epoch);
      history.add_cost(i + 1 == kEpochsPerCohort ? cost : 0);
    }
  };
  end_cohort(0.001);  // too little to matter
  EXPECT_FALSE(history.is_due(at + 0.9 * HeapHistory::kFirstLength));
  EXPECT_TRUE(history.is_due(at + 1.1 * HeapHistory::kFirstLength));
  end_cohort(0.08);  // 0.02 seconds for each epoch
  EXPECT_FALSE(history.is_due(at + 1.9));
  EXPECT_TRUE(history.is_due(at + 2.1));
  end_cohort(0.0001);  // once long, always long: neighbours should be of one length
  EXPECT_FALSE(history.is_due(at + 1.9));
}

TEST_F(History, OnlySitesThatGrowAreWrittenDown) {
  allocate(0x10, 2, 1'000'000);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    allocate(0x1000 * i);
    end_epoch();
  }
  EXPECT_TRUE(site_epochs(2).empty());
  EXPECT_FALSE(site_epochs(1).empty());
}

TEST_F(History, TensOfThousandsOfSitesStayWithinBounds) {
  for (std::uint32_t epoch = 0; epoch < 12; ++epoch) {
    for (std::uint32_t site = 1; site <= 20'000; ++site) {
      allocate((std::uint64_t{epoch} << 32) + 0x1000 * site, site, 1024 + site % 64);
    }
    allocate((std::uint64_t{epoch} << 32) + 0x8, 20'001, 1 << 20);
    end_epoch();
  }
  EXPECT_FALSE(site_epochs(20'001).empty());
  EXPECT_LE(process_.facts.site_epochs.size(), HeapHistory::kSitesWrittenDown * 12);
}

TEST(LiveHeapCohorts, AreKeptBesideAddressAndThreadAndHalved) {
  LiveHeap heap;
  LiveBlock stale;
  for (std::uint64_t i = 1; i <= 16; ++i) {
    heap.add({0x1000 * i, i, 3, LiveBlock::origin_of(4095, static_cast<std::uint32_t>(i - 1))},
             &stale);
  }
  heap.add({0x8000'0000'0000'0000, 5, 3, LiveBlock::origin_of(1, 9)},
           &stale);  // does not fit into a place
  EXPECT_EQ(heap.find(0x10000)->cohort(), 15U);
  EXPECT_EQ(heap.find(0x10000)->thread(), 4095U);
  heap.halve_cohorts();
  EXPECT_EQ(heap.find(0x10000)->cohort(), 7U);
  EXPECT_EQ(heap.find(0x10000)->thread(), 4095U);
  EXPECT_EQ(heap.find(0x10000)->size, 16U);
  EXPECT_EQ(heap.find(0x8000'0000'0000'0000)->cohort(), 4U);
}

}  // namespace
}  // namespace memwatch::model
