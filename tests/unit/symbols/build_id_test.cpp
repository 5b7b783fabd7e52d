#include "collector/symbols/build_id.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

TEST(BuildId, IsTheSameInTheStrippedFileAndItsDebugFile) {
  const auto whole = read_build_id(fixture("dwarf5.so"));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(is_build_id(*whole)) << *whole;
  EXPECT_EQ(*whole, *read_build_id(fixture("stripped.so")));
  EXPECT_EQ(*whole, *read_build_id(fixture("shapes.debug")));
  EXPECT_NE(*whole, *read_build_id(fixture("dwarf4.so")));
}

TEST(BuildId, IsEmptyWhereTheLinkerWroteNone) {
  const auto none = read_build_id(fixture("no_build_id.so"));
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, "");
}

TEST(BuildId, ErrorsSayWhichFileAndWhy) {
  const TemporaryFolder folder;
  const auto missing = read_build_id("/nowhere/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(missing.error().subject, "/nowhere/file");
  const auto text = read_build_id(folder.write("text", "#!/bin/sh\n"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::damaged);
}

TEST(BuildId, AFifoInPlaceOfTheFileDoesNotBlock) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "fifo").string();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(read_build_id(path));
}

TEST(BuildId, OnlyHexTextIsOne) {
  EXPECT_TRUE(is_build_id("00ff"));
  EXPECT_FALSE(is_build_id(""));
  EXPECT_FALSE(is_build_id("00f"));
  EXPECT_FALSE(is_build_id("../../etc/passwd"));
  EXPECT_FALSE(is_build_id("00FF"));
  EXPECT_FALSE(is_build_id(std::string(200, 'a')));
}

}  // namespace
}  // namespace memwatch::symbols
