// Which sites the metrics show by name: few, and the same ones as long as possible.
#include "collector/daemon/shown_sites.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace memwatch::daemon {
namespace {

using history::SiteId;
using Seen = ShownSites::Seen;

constexpr pid_t kPid = 7;
constexpr SiteId kFirst = 1000;

class ShownSitesTest : public ::testing::Test {
 protected:
  // A process of many sites: number `i` is stack `i`, site kFirst + i, and has i + 1 bytes.
  ShownSitesTest() {
    process_.pid = kPid;
    for (model::StackId i = 0; i < 5000; ++i) {
      model::Site site;
      site.stack = i;
      site.live_bytes = i + 1;
      site.live_blocks = 1;
      process_.sites.push_back(site);
    }
  }
  static std::vector<Seen> round(model::StackId from, model::StackId count) {
    std::vector<Seen> seen;
    for (model::StackId i = from; i < from + count; ++i) seen.push_back({kFirst + i, i});
    return seen;
  }
  void name_all() {
    ShownSites::Labels labels;
    for (const SiteId site : shown_.nameless()) labels[site] = {"f" + std::to_string(site), "/m"};
    shown_.name(std::move(labels));
  }
  ProcessMeasures measured(pid_t pid = kPid) {
    ProcessMeasures measures;
    process_.pid = static_cast<std::uint32_t>(pid);
    shown_.measure(process_, &measures);
    return measures;
  }
  std::vector<SiteId> sites(pid_t pid = kPid) {
    std::vector<SiteId> all;
    for (const SiteShare& share : measured(pid).sites) all.push_back(share.site);
    return all;
  }
  ShownSites shown_;
  model::Process process_;
};

TEST_F(ShownSitesTest, NothingIsShownBeforeItHasItsNameAndNothingElseIsLookedUp) {
  EXPECT_TRUE(measured().sites.empty());
  shown_.look(kPid, round(0, 20));
  EXPECT_TRUE(measured().sites.empty());
  EXPECT_EQ(measured().other_sites.live_bytes, 0U) << "it would be the heap once more";
  const std::vector<SiteId> wanted = shown_.nameless();
  ASSERT_EQ(wanted.size(), ShownSites::kOfProcess);
  EXPECT_EQ(wanted.front(), kFirst);
  shown_.name({{kFirst + 3, {"three", "/lib/x"}}, {kFirst + 15, {"not among the largest", ""}}});
  const ProcessMeasures measures = measured();
  ASSERT_EQ(measures.sites.size(), 1U);
  EXPECT_EQ(measures.sites[0].label.function, "three");
  EXPECT_EQ(measures.sites[0].label.module, "/lib/x");
  EXPECT_EQ(measures.sites[0].live_bytes, 4U);
  EXPECT_EQ(shown_.nameless().size(), ShownSites::kOfProcess - 1);
}

TEST_F(ShownSitesTest, ShownOnesAndTheRestAreAll) {
  shown_.look(kPid, round(100, 20));
  name_all();
  const ProcessMeasures measures = measured();
  ASSERT_EQ(measures.sites.size(), ShownSites::kOfProcess);
  std::uint64_t bytes = measures.other_sites.live_bytes;
  std::uint64_t blocks = measures.other_sites.live_blocks;
  for (const SiteShare& share : measures.sites) {
    EXPECT_EQ(share.live_bytes, share.site - kFirst + 1);
    bytes += share.live_bytes;
    blocks += share.live_blocks;
  }
  EXPECT_EQ(bytes, 5000U * 5001 / 2);
  EXPECT_EQ(blocks, 5000U);
}

TEST_F(ShownSitesTest, AChangeOfRanksChangesNothingAndOneThatLeavesMakesRoom) {
  shown_.look(kPid, round(0, 20));
  name_all();
  const std::vector<SiteId> before = sites();
  shown_.look(kPid, round(5, 20));  // 0 to 4 have left it; nothing else has a name
  EXPECT_EQ(sites(), before) << "a place is not left empty";
  name_all();
  std::vector<SiteId> after = sites();
  std::sort(after.begin(), after.end());
  std::vector<SiteId> largest(10);
  std::iota(largest.begin(), largest.end(), kFirst + 5);
  EXPECT_EQ(after, largest);
  std::vector<Seen> turned = round(5, 20);
  std::reverse(turned.begin(), turned.end());
  shown_.look(kPid, turned);
  name_all();
  EXPECT_EQ(sites().size(), 10U);
  EXPECT_TRUE(shown_.nameless().empty()) << "nobody has left, so no name is of use";
}

TEST_F(ShownSitesTest, AProgramWhoseLargestSitesAlwaysChangeHasSoManySeriesInAllItsTime) {
  std::set<SiteId> ever;
  for (model::StackId from = 0; from < 4900; from += 30) {
    shown_.look(kPid, round(from, 20));
    name_all();
    for (const SiteId site : sites()) ever.insert(site);
    EXPECT_LE(sites().size(), ShownSites::kOfProcess);
  }
  EXPECT_EQ(ever.size(), ShownSites::kEverOfProcess);
  EXPECT_TRUE(shown_.nameless().empty());
}

TEST_F(ShownSitesTest, AllProcessesTogetherAreBoundedAndTheDeadMakeRoom) {
  const auto processes = static_cast<pid_t>(2 * ShownSites::kInAll / ShownSites::kOfProcess);
  for (pid_t pid = 1; pid <= processes; ++pid) {
    shown_.look(pid, round(static_cast<model::StackId>(pid) * 20, 20));
    EXPECT_LE(shown_.nameless().size(), ShownSites::kMostNameless);
    name_all();
  }
  const auto in_all = [&] {
    std::size_t count = 0;
    for (pid_t pid = 1; pid <= processes; ++pid) count += sites(pid).size();
    return count;
  };
  EXPECT_EQ(in_all(), ShownSites::kInAll);
  EXPECT_EQ(sites(1).size(), ShownSites::kOfProcess);
  EXPECT_TRUE(sites(processes).empty());
  shown_.forget(1);
  EXPECT_TRUE(sites(1).empty());
  name_all();
  EXPECT_EQ(in_all(), ShownSites::kInAll) << "others have come in";
  for (pid_t pid = 1; pid <= processes; ++pid) shown_.forget(pid);
  EXPECT_EQ(in_all(), 0U);
}

TEST_F(ShownSitesTest, TwoProcessesOfOneProgramShareANameAndKeepIt) {
  shown_.look(1, round(0, 5));
  shown_.look(2, round(0, 5));
  EXPECT_EQ(shown_.nameless().size(), 5U);
  name_all();
  EXPECT_EQ(sites(1), sites(2));
  shown_.forget(1);
  EXPECT_EQ(measured(2).sites.at(0).label.function, "f1000");
}

// One library may be several modules.
TEST_F(ShownSitesTest, ASiteOfSeveralStacksIsTheirSum) {
  const std::vector<Seen> twice = {{kFirst, 0}, {kFirst + 1, 1}, {kFirst, 9}};
  shown_.look(kPid, twice);
  name_all();
  ASSERT_EQ(sites(), (std::vector<SiteId>{kFirst, kFirst + 1}));
  EXPECT_EQ(measured().sites[0].live_bytes, 1U + 10U);
  EXPECT_EQ(measured().sites[1].live_bytes, 2U);
}

}  // namespace
}  // namespace memwatch::daemon
