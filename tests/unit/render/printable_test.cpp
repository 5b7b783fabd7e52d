#include "tools/render/printable.h"

#include <gtest/gtest.h>

namespace memwatch::render {
namespace {

constexpr const char* kBad = "\xEF\xBF\xBD";

TEST(Printable, EscapeSequencesCannotReachTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mb"), std::string("a") + kBad + "[31mb");
  EXPECT_EQ(printable("a\nb\tc\x7f\r"), std::string("a b c") + kBad + kBad);
  EXPECT_EQ(printable("\xc2\x9b"), kBad);                          // C1 control sequence introducer
  EXPECT_EQ(printable("a\xe2\x80\xae"), std::string("a") + kBad);  // right-to-left override
}

TEST(Printable, IllFormedUtf8IsReplacedByteByByte) {
  EXPECT_EQ(valid_utf8("\xff"), kBad);
  EXPECT_EQ(valid_utf8("\xc0\x80"), std::string(kBad) + kBad);             // overlong
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), std::string(kBad) + kBad + kBad);  // surrogate
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), std::string(kBad) + kBad + kBad + kBad);
  EXPECT_EQ(valid_utf8("ab\xe2\x82"), std::string("ab") + kBad + kBad);  // cut off
  EXPECT_EQ(valid_utf8("Größe 大きさ 🙂"), "Größe 大きさ 🙂");
  EXPECT_EQ(valid_utf8("tab\t"), "tab\t");
}

TEST(Printable, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Größe"), 5U);
  EXPECT_EQ(display_width("大き"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // combining accent
  EXPECT_EQ(display_width("…█"), 2U);
}

TEST(Printable, HeadAndTailNeverCutACharacter) {
  EXPECT_EQ(head_of_width("Größe", 3), "Grö");
  EXPECT_EQ(head_of_width("大きさ", 3), "大");
  EXPECT_EQ(tail_of_width("Größe", 3), "öße");
  EXPECT_EQ(tail_of_width("大きさ", 3), "さ");
  EXPECT_EQ(head_of_width("ab", 9), "ab");
  EXPECT_EQ(tail_of_width("ab", 9), "ab");
}

}  // namespace
}  // namespace memwatch::render
