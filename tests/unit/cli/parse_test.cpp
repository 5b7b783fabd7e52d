#include <gtest/gtest.h>

#include "collector/base/parse_duration.h"
#include "collector/base/parse_size.h"
#include "tools/cli/environment.h"
#include "tools/cli/options.h"
#include "tools/cli/progress.h"

namespace memwatch::cli {
namespace {

std::uint64_t size(std::string_view text) {
  const auto parsed = parse_size(text);
  return parsed ? *parsed : 4711;
}

std::int64_t nanoseconds(std::string_view text) {
  const auto parsed = parse_duration(text);
  return parsed ? parsed->count() : -1;
}

TEST(ParseSize, UnitsAreBinaryHoweverSpelled) {
  EXPECT_EQ(size("4096"), 4096U);
  EXPECT_EQ(size("0"), 0U);
  EXPECT_EQ(size("512KiB"), 512U << 10);
  EXPECT_EQ(size("64k"), 64U << 10);
  EXPECT_EQ(size("64kb"), 64U << 10);
  EXPECT_EQ(size("1G"), 1U << 30);
  EXPECT_EQ(size("1.5 MiB"), 3U << 19);
  EXPECT_EQ(size("16B"), 16U);
  EXPECT_EQ(size("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_EQ(size("15E"), 15ULL << 60);
}

TEST(ParseSize, WhatIsNoSizeIsRefused) {
  for (const char* text :
       {"", "k", "-1", "+1", "1x", "1KiBs", "1..5k", "1.", ".5k", "0.3", "16E",
        "18446744073709551616", "99999999999999999999999", "1e3", "0x10", "1.0000000001G", " 1"}) {
    const auto parsed = parse_size(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
  }
}

TEST(ParseDuration, UnitsFromNanosecondsToDays) {
  EXPECT_EQ(nanoseconds("30s"), 30'000'000'000);
  EXPECT_EQ(nanoseconds("30"), 30'000'000'000);
  EXPECT_EQ(nanoseconds("500ms"), 500'000'000);
  EXPECT_EQ(nanoseconds("1.5m"), 90'000'000'000);
  EXPECT_EQ(nanoseconds("250us"), 250'000);
  EXPECT_EQ(nanoseconds("2h"), 7'200'000'000'000);
  EXPECT_EQ(nanoseconds("0"), 0);
}

TEST(ParseDuration, ABareNumberHasTheUnitOfItsOption) {
  EXPECT_EQ(parse_duration("100", std::chrono::milliseconds(1))->count(), 100'000'000);
}

TEST(ParseDuration, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "s", "-1s", "1y", "0.1ns", "9223372036854775808ns", "400000d"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Environment, NamesFollowTheOptions) {
  EXPECT_EQ(environment_name("on-full"), "MEMWATCH_ON_FULL");
  EXPECT_EQ(environment_name("view"), "MEMWATCH_VIEW");
}

TEST(Progress, SaysHowFarAndHowLong) {
  EXPECT_EQ(progress_text("reading symbols", 1200, 4800, 1),
            "reading symbols: 1,200 of 4,800, about 3.00 s left");
  EXPECT_EQ(progress_text("reading", 5, 0, 1), "reading: 5");
  EXPECT_EQ(progress_text("reading", 0, 10, 1), "reading: 0 of 10");
}

TEST(AddFiles, EachTimeTakesOneFileAndLeavesWhatFollows) {
  for (const char* const line : {"--known a --known b 4711", "--known=a --known=b 4711",
                                 "4711 --known a --known b", "--known a 4711 --known b"}) {
    CLI::App app;
    std::vector<std::string> files;
    std::string process;
    app.add_option("PID", process);
    add_files(app, "--known", files, "");
    app.parse(line);
    EXPECT_EQ(files, (std::vector<std::string>{"a", "b"})) << line;
    EXPECT_EQ(process, "4711") << line;
  }
}

}  // namespace
}  // namespace memwatch::cli
