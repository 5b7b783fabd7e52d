#include "collector/procfs/text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>

#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

TEST(Text, NumbersSaturateAndRefuseWhatIsNoNumber) {
  EXPECT_EQ(parse_number(" 42\n"), 42U);
  EXPECT_EQ(parse_number("99999999999999999999999"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", " ", "-1", "4x", "0x10", "1 2", "max"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(Text, KilobytesBecomeBytes) {
  EXPECT_EQ(parse_kilobytes("\t  132 kB"), 132U * 1024);
  EXPECT_EQ(parse_kilobytes("7"), 7U);
  EXPECT_EQ(parse_kilobytes("99999999999999999999 kB"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_kilobytes("kB"), std::nullopt);
}

TEST(Text, AKeyIsFoundOnlyAsAWhole) {
  const std::string_view text = "RssAnon: 1\nRss: 2\nRss: 3\noom_kill 4\n";
  EXPECT_EQ(find_value(text, "Rss"), "2");
  EXPECT_EQ(find_value(text, "oom_kill"), "4");
  EXPECT_EQ(find_value(text, "oom"), std::nullopt);
  EXPECT_EQ(find_value("", "x"), std::nullopt);
}

TEST(Text, ReadingIsBoundedAndNeverHangs) {
  const procfs_testing::FakeFiles files;
  files.add("/long", std::string(100'000, 'x'));
  EXPECT_EQ(read_text(files.root() + "/long", 1000)->size(), 1000U);
  EXPECT_EQ(read_text("/dev/zero", 5000)->size(), 5000U);
  ASSERT_EQ(::mkfifo((files.root() + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_text(files.root() + "/fifo").value_or(""), "");
  EXPECT_EQ(read_text(files.root()), std::nullopt);
  EXPECT_EQ(read_text(files.root() + "/missing"), std::nullopt);
}

}  // namespace
}  // namespace memwatch::procfs
