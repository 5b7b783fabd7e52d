// The site of an alert: what the process that looks it up is told, and what it finds.
#include "tools/notify/locate.h"

#include <gtest/gtest.h>

namespace memwatch::notify {
namespace {

recording::Alert::Frame frame(const std::string& path, std::uint64_t offset) {
  recording::Alert::Frame made;
  made.module.path = path;
  made.module.build_id = path.empty() ? "" : "abcd";
  made.address.module = path.empty() ? model::kNone : 1;
  made.address.offset = offset;
  return made;
}

TEST(Locate, FramesAreReadBackAsTheyWereWritten) {
  const Frames frames = {frame("/usr/bin/a b", 4096), frame("", 7), frame("/x\ny", 1)};
  const Frames back = decode_frames(encode_frames(frames));
  ASSERT_EQ(back.size(), 2U) << "a path with a line break is left out";
  EXPECT_EQ(back[0].module.path, "/usr/bin/a b");
  EXPECT_EQ(back[0].module.build_id, "abcd");
  EXPECT_EQ(back[0].address.offset, 4096U);
  EXPECT_FALSE(back[0].address.exact);
  EXPECT_EQ(back[1].address.module, model::kNone);
}

TEST(Locate, NonsenseIsLeftOut) {
  for (const char* text :
       {"", "\n\n", "x 0 - /a\n", " 0 - /a", "99999999999999999999999 0 - /a\n"}) {
    EXPECT_TRUE(decode_frames(text).empty()) << text;
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "1 0 - /a\n";
  EXPECT_LE(decode_frames(many).size(), 64U);
}

TEST(Locate, WhatHasNoSymbolsIsItsModule) {
  const alerts::Site site = site_of({frame("/no/such/file", 4096)});
  EXPECT_EQ(site.module, "/no/such/file");
  EXPECT_EQ(site.function, "file+0x1000");
  EXPECT_FALSE(site_of({}).is_known());
}

}  // namespace
}  // namespace memwatch::notify
