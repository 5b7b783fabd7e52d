// Scripts of random recordings, played against a reader that counts as heaptrack does.
#include "collector/analysis/allocation_script.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "tests/unit/analysis/random_history.h"

namespace memwatch::analysis {
namespace {

// heaptrack's own arithmetic: a free that follows an allocation of the same kind directly is a
// temporary one, the peak is taken when an allocation exceeds what was live before.
class Reader : public AllocationSink {
 public:
  struct Sums {
    std::uint64_t calls = 0, temporary = 0, live = 0, peak = 0;
  };
  explicit Reader(const AllocationScript& script) : script_(script) {}

  void allocate(std::uint32_t kind, std::uint64_t times) override {
    for (; times > 0; --times) {
      last_ = kind;
      Sums& sums = by_stack[script_.kinds()[kind].stack];
      ++sums.calls;
      sums.live += script_.kinds()[kind].size;
      ++total.calls;
      total.live += script_.kinds()[kind].size;
      if (total.live <= total.peak) continue;
      total.peak = total.live;
      peak_at = now;
      for (auto& [stack, each] : by_stack) each.peak = each.live;
    }
  }
  void free(std::uint32_t kind, std::uint64_t times) override {
    for (; times > 0; --times) {
      EXPECT_NE(kind, 0U) << "heaptrack takes 0 for `no allocation`";
      Sums& sums = by_stack[script_.kinds()[kind].stack];
      sums.live -= script_.kinds()[kind].size;
      total.live -= script_.kinds()[kind].size;
      sums.temporary += last_ == kind ? 1 : 0;
      total.temporary += last_ == kind ? 1 : 0;
      last_ = 0;
    }
  }
  void allocate_and_free(std::uint32_t kind, std::uint32_t freed, std::uint64_t times) override {
    for (; times > 0; --times) {
      allocate(kind, 1);
      free(freed, 1);
    }
  }
  void clock(std::uint64_t milliseconds, std::uint64_t) override {
    EXPECT_GE(milliseconds, now);
    now = milliseconds;
  }

  Sums total;
  std::map<model::StackId, Sums> by_stack;
  std::uint64_t now = 0, peak_at = 0;

 private:
  const AllocationScript& script_;
  std::uint32_t last_ = 0;
};

void expect_exact(const model::Process& process) {
  const AllocationScript script(process);
  Reader reader(script);
  script.play(reader);
  EXPECT_EQ(reader.total.calls, process.totals.allocations + process.totals.reallocations);
  EXPECT_EQ(reader.total.temporary, process.totals.temporary);
  EXPECT_EQ(reader.total.peak, process.heap.peak_bytes);
  EXPECT_EQ(reader.total.live, process.heap.live_bytes);
  if (process.heap.peak_bytes > 0) {
    EXPECT_EQ(reader.peak_at, static_cast<std::uint64_t>(process.heap.peak_at * 1000));
  }
  EXPECT_EQ(reader.now, static_cast<std::uint64_t>(process.duration * 1000));
  for (const model::Site& site : process.sites) {
    const Reader::Sums& sums = reader.by_stack[site.stack];
    EXPECT_EQ(sums.calls, site.allocations + site.reallocations) << site.stack;
    EXPECT_EQ(sums.temporary, site.temporary) << site.stack;
    EXPECT_EQ(sums.peak, site.peak_bytes) << site.stack;
    EXPECT_EQ(sums.live, site.live_bytes) << site.stack;
  }
}

TEST(AllocationScript, EveryRecordingIsMetExactly) {
  for (std::uint32_t seed = 0; seed < 6000; ++seed) {
    const testing::HistoryShape shape{
        .sites = 1 + seed % 5, .threads = 1 + seed / 5 % 4, .steps = 2 + seed % 37};
    expect_exact(testing::random_history(seed, shape));
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(AllocationScript, BytesPerSiteAreMetToo) {
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    const model::Process process =
        testing::random_history(seed, {.sites = 3, .threads = 3, .steps = 30});
    const BlockPlan plan = plan_blocks(process);
    for (std::size_t i = 0; i < plan.sites.size(); ++i) {
      const SitePlan& made = plan.sites[i];
      const model::Site& site = process.sites[i];
      EXPECT_EQ(made.kept.count + made.late.count, site.live_blocks) << seed;
      EXPECT_EQ(made.kept.bytes + made.late.bytes + made.released.bytes + made.passing.bytes +
                    made.temporary.bytes + made.temporary_at_peak.bytes,
                site.allocated_bytes)
          << seed;
      for (const Blocks& blocks : {made.passing, made.temporary}) {
        EXPECT_LE(largest_size(blocks), site.own_peak_bytes) << seed;
      }
    }
    if (HasFailure()) return;
  }
}

TEST(AllocationScript, ABufferAsLargeAsThePeakMayComeAgainElsewhere) {
  model::Process process;
  process.sites = {{.stack = 1,
                    .allocations = 1,
                    .allocated_bytes = 500,
                    .peak_bytes = 500,
                    .own_peak_bytes = 500,
                    .temporary = 1},
                   {.stack = 2,
                    .allocations = 3,
                    .allocated_bytes = 1500,
                    .own_peak_bytes = 500,
                    .temporary = 2}};
  process.totals.allocations = 4;
  process.totals.temporary = 3;
  process.heap.peak_bytes = 500;
  expect_exact(process);
}

TEST(AllocationScript, TemporaryBlocksOfSeveralThreadsMayMakeThePeakTogether) {
  model::Process process;
  for (model::StackId stack = 1; stack <= 4; ++stack) {
    process.sites.push_back({.stack = stack,
                             .allocations = 1,
                             .allocated_bytes = 100,
                             .peak_bytes = 100,
                             .own_peak_bytes = 100,
                             .temporary = 1});
  }
  process.totals.allocations = process.totals.temporary = 4;
  process.heap.peak_bytes = 400;
  expect_exact(process);
}

TEST(AllocationScript, TheHeapFollowsTheTimelineUpAndDown) {
  model::Process process;
  process.duration = 4;
  process.sites = {{.stack = 1,
                    .allocations = 100,
                    .allocated_bytes = 100'000,
                    .live_blocks = 10,
                    .live_bytes = 10'000,
                    .peak_bytes = 90'000,
                    .own_peak_bytes = 90'000}};
  process.totals.allocations = 100;
  process.heap = {.live_blocks = 10, .live_bytes = 10'000, .peak_bytes = 90'000, .peak_at = 2};
  for (const auto& [at, live, allocations] :
       {std::tuple{1.0, 40'000, 50}, {2.0, 90'000, 95}, {3.0, 20'000, 98}}) {
    model::TimelineSample sample;
    sample.at = at;
    sample.live_bytes = static_cast<std::uint64_t>(live);
    sample.allocations = static_cast<std::uint64_t>(allocations);
    process.timeline.push_back(sample);
  }
  class Curve : public Reader {
   public:
    using Reader::Reader;
    void clock(std::uint64_t milliseconds, std::uint64_t rss) override {
      Reader::clock(milliseconds, rss);
      live[milliseconds] = total.live;
    }
    std::map<std::uint64_t, std::uint64_t> live;
  };
  const AllocationScript script(process);
  Curve curve(script);
  script.play(curve);
  EXPECT_EQ(curve.live[1000], 40'000U);
  EXPECT_EQ(curve.live[3000], 20'000U);
  EXPECT_EQ(curve.live[4000], 10'000U);
}

// A file may say anything; nothing but the figures may be wrong then.
TEST(AllocationScript, NonsenseIsPlayedToItsEnd) {
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{3}, kHuge}) {
    model::Process process;
    process.start = -1e300;
    process.duration = std::numeric_limits<double>::quiet_NaN();
    process.heap.peak_at = std::numeric_limits<double>::infinity();
    process.sites = {
        {.stack = 1, .allocations = 2, .live_blocks = value, .live_bytes = kHuge, .temporary = 9},
        {.stack = 9, .live_bytes = 7, .peak_bytes = value},
        {.stack = 9,
         .allocations = 1,
         .allocated_bytes = kHuge,
         .peak_bytes = 3,
         .own_peak_bytes = 1,
         .temporary = value}};
    process.timeline.resize(3);
    process.timeline[1].at = -5;
    process.timeline[1].allocations = kHuge;
    if (value == kHuge) process.sites.front().live_blocks = 5;  // as many lines as blocks
    if (value == kHuge) process.sites.back().temporary = 1;
    const AllocationScript script(process);
    Reader reader(script);
    script.play(reader);
    EXPECT_GE(reader.total.calls, 3U);
  }
}

TEST(AllocationScript, NothingHappened) {
  const AllocationScript script(model::Process{});
  Reader reader(script);
  script.play(reader);
  EXPECT_TRUE(script.kinds().empty());
  EXPECT_EQ(reader.total.calls, 0U);
}

}  // namespace
}  // namespace memwatch::analysis
