// Who may have how much of the HTTP server, with a clock of the test's.
#include "tools/server/address_shares.h"

#include <gtest/gtest.h>

#include <string>

namespace memwatch::server {
namespace {

using std::chrono::milliseconds;

class Shares : public testing::Test {
 protected:
  std::size_t open_as_many(const std::string& address) {
    std::size_t count = 0;
    while (count < 1000 && shares_.open(address, now_)) ++count;
    return count;
  }
  unsigned ask_as_many(const std::string& address) {
    unsigned count = 0;
    while (count < 1000 && shares_.ask(address, now_)) ++count;
    return count;
  }

  AddressShares::Clock::time_point now_{};
  AddressShares shares_{now_};
};

TEST_F(Shares, AnAddressHasHalfOfTheConnectionsAndGivesThemBack) {
  EXPECT_EQ(open_as_many("a"), AddressShares::kMostOfAnAddress);
  EXPECT_EQ(open_as_many("b"), AddressShares::kMostConnections - AddressShares::kMostOfAnAddress);
  EXPECT_EQ(open_as_many("c"), 0U) << "there are no more";
  shares_.close("a");
  EXPECT_EQ(open_as_many("b"), 0U);
  EXPECT_EQ(open_as_many("c"), 1U);
  shares_.close("nobody");
  EXPECT_EQ(open_as_many("c"), 0U);
}

TEST_F(Shares, WhoAsksTooOftenTakesNothingFromOthers) {
  EXPECT_EQ(ask_as_many("a"), AddressShares::kBurstOfAnAddress);
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(shares_.ask("a", now_));
  EXPECT_EQ(ask_as_many("b"), AddressShares::kBurst - AddressShares::kBurstOfAnAddress);
  EXPECT_EQ(ask_as_many("c"), 0U) << "all have asked enough";
  now_ += milliseconds(1000);
  EXPECT_EQ(ask_as_many("a"), AddressShares::kPerSecondOfAnAddress);
  EXPECT_EQ(ask_as_many("c"), AddressShares::kPerSecond - AddressShares::kPerSecondOfAnAddress);
}

TEST_F(Shares, AnAddressListensSoOften) {
  ASSERT_TRUE(shares_.open("a", now_));
  for (std::size_t i = 0; i < AddressShares::kMostListenersOfAnAddress; ++i) {
    EXPECT_TRUE(shares_.begin_listening("a"));
  }
  EXPECT_FALSE(shares_.begin_listening("a"));
  ASSERT_TRUE(shares_.open("b", now_));
  EXPECT_TRUE(shares_.begin_listening("b"));
  shares_.end_listening("a");
  EXPECT_TRUE(shares_.begin_listening("a"));
}

// Whoever has many addresses does not fill memory, nor make it forget those who are connected.
TEST_F(Shares, ManyAddressesAreForgottenButNotTheConnected) {
  ASSERT_EQ(open_as_many("a"), AddressShares::kMostOfAnAddress);
  ASSERT_EQ(ask_as_many("a"), AddressShares::kBurstOfAnAddress);
  for (std::size_t i = 0; i < 3 * AddressShares::kMostAddresses; ++i) {
    now_ += milliseconds(1);
    const std::string passing = std::to_string(i);
    EXPECT_TRUE(shares_.open(passing, now_));
    shares_.close(passing);
  }
  EXPECT_FALSE(shares_.open("a", now_));
  shares_.close("a");
  EXPECT_TRUE(shares_.open("a", now_));
}

}  // namespace
}  // namespace memwatch::server
