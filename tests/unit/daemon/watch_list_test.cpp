#include "collector/daemon/watch_list.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/temporary_directory.h"

namespace memwatch::daemon {
namespace {

class WatchLists : public testing::Test {
 protected:
  [[nodiscard]] WatchList open() const {
    Result<WatchList> list = WatchList::open(path_);
    EXPECT_TRUE(list) << list.error().to_line();
    return *std::move(list);
  }
  test_support::TemporaryDirectory directory_;
  std::string path_ = directory_.path("watch-list");
};

TEST_F(WatchLists, AnEmptyOneWatchesEverything) {
  const WatchList list = open();
  EXPECT_TRUE(list.is_empty());
  EXPECT_TRUE(list.watches({"anything", "anything"}));
}

TEST_F(WatchLists, NamesAreKeptAndTakenAway) {
  WatchList list = open();
  ASSERT_TRUE(list.add("server"));
  ASSERT_TRUE(list.add("worker-*"));
  EXPECT_TRUE(list.watches({"server", "x"}));
  EXPECT_TRUE(list.watches({"x", "worker-3"}));
  EXPECT_FALSE(list.watches({"other", "other"}));
  EXPECT_EQ(open().added(), (std::vector<std::string>{"server", "worker-*"}));
  ASSERT_TRUE(list.remove("server"));
  EXPECT_FALSE(list.watches({"server", "server"}));
  EXPECT_EQ(open().added(), (std::vector<std::string>{"worker-*"}));
}

TEST_F(WatchLists, WhatMakesNoSenseIsRefusedInALine) {
  WatchList list = open();
  list.set_configured({"fixed"});
  ASSERT_TRUE(list.add("server"));
  for (const char* name : {"", "a/b", "a\nb", "server", "fixed"}) {
    const Result<void> added = list.add(name);
    ASSERT_FALSE(added) << name;
    EXPECT_EQ(added.error().kind, ErrorKind::usage);
  }
  for (const char* name : {"fixed", "unknown"}) {
    const Result<void> removed = list.remove(name);
    ASSERT_FALSE(removed) << name;
    EXPECT_EQ(removed.error().kind, ErrorKind::usage);
  }
  EXPECT_EQ(list.added().size(), 1U);
}

TEST_F(WatchLists, LinesThatAreNoNamesAreLeftOut) {
  std::ofstream(path_) << "good\n\nbad/name\ngood\n\x01\nalso good\n";
  EXPECT_EQ(open().added(), (std::vector<std::string>{"good", "also good"}));
}

TEST_F(WatchLists, AListThatCannotBeKeptIsAsItWas) {
  WatchList list = open();
  ASSERT_TRUE(list.add("server"));
  std::filesystem::create_directory(path_ + ".new");  // in the place of the new file
  const Result<void> added = list.add("other");
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().kind, ErrorKind::usage);
  EXPECT_FALSE(list.watches({"other", "other"}));
  EXPECT_EQ(open().added(), (std::vector<std::string>{"server"}));
}

}  // namespace
}  // namespace memwatch::daemon
