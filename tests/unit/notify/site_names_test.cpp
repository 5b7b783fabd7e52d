// Names for the history's sites: what the process that finds them is told, and what it answers.
#include "tools/notify/site_names.h"

#include <gtest/gtest.h>

namespace memwatch::notify {
namespace {

recording::Alert::Frame frame(const std::string& path, std::uint64_t offset) {
  recording::Alert::Frame made;
  made.module.path = path;
  made.address.module = path.empty() ? model::kNone : 1;
  made.address.offset = offset;
  return made;
}

TEST(SiteNames, StacksAreReadBackAsTheyWereWritten) {
  const std::vector<UnnamedStack> stacks = {
      {"/usr/bin/a b", {frame("/usr/bin/a b", 4096), frame("", 7)}}, {"/bin/c\nd", {}}, {"", {}}};
  const std::vector<UnnamedStack> back = decode_stacks(encode_stacks(stacks));
  ASSERT_EQ(back.size(), 3U);
  EXPECT_EQ(back[0].program, "/usr/bin/a b");
  ASSERT_EQ(back[0].frames.size(), 2U);
  EXPECT_EQ(back[0].frames[0].address.offset, 4096U);
  EXPECT_EQ(back[0].frames[1].address.module, model::kNone);
  EXPECT_EQ(back[1].program, "/bin/cd");
  EXPECT_TRUE(back[2].program.empty());
  EXPECT_TRUE(decode_stacks("").empty());
}

TEST(SiteNames, NamesAreReadBackAsTheyWereWritten) {
  const std::vector<history::SiteName> names = {
      {"load", "load.cpp", "/bin/server", 13, "load <- main"}, {}};
  EXPECT_EQ(decode_names(encode_names(names)), names);
  EXPECT_EQ(decode_names(encode_names({{"a\nb", "", "", 0, ""}}))[0].function, "ab");
  EXPECT_EQ(decode_names("f\nx.c\nmany\n")[0].line, 0U) << "cut off, and no number";
}

TEST(SiteNames, WhatHasNoSymbolsIsItsModule) {
  const std::vector<history::SiteName> names = names_of(
      {{"/bin/p", {frame("/lib/libother.so.1", 4096), frame("/no/such/p", 64)}}, {"", {}}});
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[0].function, "");
  EXPECT_EQ(names[0].module, "/lib/libother.so.1");
  EXPECT_EQ(names[0].stack, "?@libother.so <- ?");
  EXPECT_EQ(names[1], history::SiteName{});
}

}  // namespace
}  // namespace memwatch::notify
