// The queue on disk: order, restarts, strangers, and a disk that does not take it.
#include "tools/notify/spool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/temporary_directory.h"

namespace memwatch::notify {
namespace {

class Spools : public testing::Test {
 protected:
  static std::vector<std::string> payloads(Spool& spool) {
    std::vector<std::string> all;
    for (const Spool::Item& item : spool.load()) all.push_back(item.payload);
    return all;
  }
  test_support::TemporaryDirectory directory_;
  std::string path_ = directory_.path("spool");
};

TEST_F(Spools, WhatIsNotTakenOutIsThereAgainInItsOrder) {
  {
    Spool spool(path_);
    EXPECT_TRUE(payloads(spool).empty());
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(spool.add("payload " + std::to_string(i)));
    spool.remove(1);
  }
  Spool spool(path_);
  const auto all = payloads(spool);
  ASSERT_EQ(all.size(), 11U);
  EXPECT_EQ(all.front(), "payload 1");
  EXPECT_EQ(all.back(), "payload 11");
  EXPECT_EQ(*spool.add("later"), 13U);
}

TEST_F(Spools, StrangersAndHalvesAreLeftOut) {
  std::filesystem::create_directory(path_);
  std::ofstream(path_ + "/readme.json") << "x";
  std::ofstream(path_ + "/00000000000000000003.json.new") << "half";
  std::ofstream(path_ + "/00000000000000000004.json");
  std::ofstream(path_ + "/00000000000000000005.json") << std::string(Spool::kMaxBytes + 1, 'x');
  std::ofstream(path_ + "/00000000000000000007.json") << "good";
  std::filesystem::create_directory(path_ + "/00000000000000000008.json");
  Spool spool(path_);
  EXPECT_EQ(payloads(spool), std::vector<std::string>{"good"});
  EXPECT_FALSE(std::filesystem::exists(path_ + "/00000000000000000005.json"));
}

TEST_F(Spools, WhatCannotBeWrittenIsAnError) {
  std::ofstream(path_) << "a file is in the place of the directory";
  Spool spool(path_);
  const Result<std::uint64_t> added = spool.add("x");
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().to_line().find("Not a directory"), std::string::npos);
}

TEST_F(Spools, TheLatestThousandAreKept) {
  Spool spool(path_);
  for (std::size_t i = 0; i < Spool::kMaxFiles + 5; ++i) {
    ASSERT_TRUE(spool.add(std::to_string(i)));
  }
  Spool again(path_);
  const auto all = payloads(again);
  ASSERT_EQ(all.size(), Spool::kMaxFiles);
  EXPECT_EQ(all.front(), "5");
}

}  // namespace
}  // namespace memwatch::notify
