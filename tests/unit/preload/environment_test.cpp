#include "preload/environment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "preload/options.h"

namespace memwatch::preload {
namespace {

constexpr const char* kShim = "/usr/lib/libmemwatch_preload.so";
const std::string kVariable = "MEMWATCH_OPTIONS=socket=/run/x:follow=1";
const std::string kPreload = std::string("LD_PRELOAD=") + kShim;

using Entries = std::vector<std::string>;

class Carried : public testing::Test {
 protected:
  void SetUp() override { set(true, kVariable, kPreload); }
  void TearDown() override { set(true, "", ""); }
  static void set(bool follow, const std::string& variable, const std::string& preload) {
    g_options.follow = follow;
    std::strcpy(g_options.variable, variable.c_str());
    std::strcpy(g_options.preload, preload.c_str());
  }
  // What a child would get for this environment; scratch as small as promised, so that the address
  // sanitizer sees a byte too many.
  static Entries carry(const Entries& given) {
    std::vector<char*> list;
    for (const std::string& entry : given) list.push_back(const_cast<char*>(entry.c_str()));
    list.push_back(nullptr);
    const CarriedEnvironment carried(list.data());
    if (carried.is_unchanged()) return given;
    const std::size_t bytes = carried.scratch_bytes();
    void* scratch = std::malloc(bytes);
    Entries result;
    for (char* const* at = carried.build(scratch); *at != nullptr; ++at) result.emplace_back(*at);
    std::free(scratch);
    return result;
  }
  static bool is_unchanged(const Entries& given) { return carry(given) == given; }
};

TEST_F(Carried, AnEnvironmentThatHasBothIsPassedAsItIs) {
  EXPECT_TRUE(is_unchanged({"A=b", kPreload, kVariable}));
  EXPECT_TRUE(is_unchanged({kVariable, std::string("LD_PRELOAD=/x.so:") + kShim + " /y.so"}));
}

TEST_F(Carried, AClearedEnvironmentGetsBoth) {
  EXPECT_EQ(carry({}), (Entries{kVariable, kPreload}));
}

TEST_F(Carried, NoEnvironmentAtAllIsAnEmptyOne) {
  const CarriedEnvironment carried(nullptr);
  EXPECT_FALSE(carried.is_unchanged());
  std::vector<std::uint64_t> scratch(carried.scratch_bytes() / 8 + 1);
  char* const* list = carried.build(scratch.data());
  EXPECT_EQ(list[0], kVariable);
  EXPECT_EQ(list[1], kPreload);
  EXPECT_EQ(list[2], nullptr);
}

TEST_F(Carried, WhatTheProgramPreloadsItselfComesAfterTheShim) {
  EXPECT_EQ(carry({"LD_PRELOAD=/other.so", "A=b"}),
            (Entries{"A=b", kVariable, kPreload + ":/other.so"}));
}

TEST_F(Carried, AnEmptyPreloadGainsTheShimAlone) {
  EXPECT_EQ(carry({"LD_PRELOAD="}), (Entries{kVariable, kPreload}));
}

TEST_F(Carried, OnlyTheShimIsTakenFromAPreloadOfSeveral) {
  set(true, kVariable, std::string("LD_PRELOAD=/a.so:") + kShim + ":/b.so");
  EXPECT_EQ(carry({"LD_PRELOAD=/c.so"}),
            (Entries{kVariable, std::string("LD_PRELOAD=") + kShim + ":/c.so"}));
}

TEST_F(Carried, MissingOptionsAreAddedToAPreloadThatIsThere) {
  EXPECT_EQ(carry({kPreload}), (Entries{kVariable, kPreload}));
}

TEST_F(Carried, StaleOptionsGiveWayWhenThePreloadIsMissing) {
  EXPECT_EQ(carry({"MEMWATCH_OPTIONS=socket=/old"}), (Entries{kVariable, kPreload}));
}

TEST_F(Carried, NamesThatOnlyBeginAlikeAreLeftAlone) {
  EXPECT_EQ(carry({"MEMWATCH_OPTIONSX=1", "LD_PRELOADX=1"}),
            (Entries{"MEMWATCH_OPTIONSX=1", "LD_PRELOADX=1", kVariable, kPreload}));
}

TEST_F(Carried, WithoutFollowTheShimIsTakenOut) {
  set(false, kVariable, kPreload);
  EXPECT_EQ(carry({"A=b", kPreload, kVariable}), (Entries{"A=b", "LD_PRELOAD="}));
  EXPECT_EQ(carry({kVariable, kPreload + ":/other.so"}), (Entries{"LD_PRELOAD=/other.so"}));
  EXPECT_EQ(carry({std::string("LD_PRELOAD=/a.so ") + kShim + ":/b.so"}),
            (Entries{"LD_PRELOAD=/a.so /b.so"}));
}

TEST_F(Carried, WithoutFollowAnEnvironmentWithoutTheShimStays) {
  set(false, kVariable, kPreload);
  EXPECT_TRUE(is_unchanged({}));
  EXPECT_TRUE(is_unchanged({"A=b", "LD_PRELOAD=/other.so"}));
}

TEST_F(Carried, LoadedByTheDynamicLinkersFileThereIsNothingToCarry) {
  set(true, "", "");
  EXPECT_TRUE(is_unchanged({"A=b"}));
  EXPECT_TRUE(is_unchanged({}));
}

TEST_F(Carried, ManyAndLongEntriesSurvive) {
  Entries given;
  for (int i = 0; i < 2000; ++i)
    given.push_back("V" + std::to_string(i) + "=" + std::string(300, 'x'));
  Entries expected = given;
  expected.push_back(kVariable);
  expected.push_back(kPreload);
  EXPECT_EQ(carry(given), expected);
}

}  // namespace
}  // namespace memwatch::preload
