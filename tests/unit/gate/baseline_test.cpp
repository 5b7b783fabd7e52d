#include "collector/gate/baseline.h"

#include <gtest/gtest.h>

#include "tests/unit/gate/programs.h"

namespace memwatch::gate {
namespace {

using testing::app_session;

Baseline measured(const std::vector<model::Session>& sessions) {
  Measurement measurement{Budget{}};
  for (const model::Session& session : sessions) {
    const Result<void> added = measurement.add(session, "run");
    EXPECT_TRUE(added) << added.error().to_line();
  }
  return baseline_of(measurement, Environment{"libc", 2, "6.1.0", "glibc 2.36", "x86_64", "0.1.0"},
                     Listing::worth_a_line);
}

std::string complaint(const std::string& text) {
  const Result<Baseline> baseline = parse_baseline("app.baseline", text);
  return baseline ? "no complaint" : baseline.error().to_line();
}

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), with);
}

constexpr const char* kText =
    R"~(# What `memwatch gate` compares with. Written by --update, to be committed and reviewed.
schema = "memwatch.baseline/1"

[metrics]
allocated_bytes = { value = 100000, min = 100000, max = 100000, runs = 2 }
allocations = { value = 1000, min = 1000, max = 1000, runs = 2 }
failed = { value = 0, min = 0, max = 0, runs = 2 }
leaked_bytes = { value = 1000, min = 1000, max = 1000, runs = 2, method = "lifetime" }
peak_heap = { value = 50000, min = 50000, max = 50000, runs = 2 }
peak_rss = { value = 4000000, min = 4000000, max = 4000000, runs = 2 }

[environment]
allocator = "libc"
cpus = 2
kernel = "6.1.0"
libc = "glibc 2.36"
machine = "x86_64"
memwatch = "0.1.0"

[stacks]
"(largest other)" = { allocated_bytes = 0, allocations = 0, leaked_bytes = 0, peak_heap = 0 }
"(other stacks)" = { allocated_bytes = 0, allocations = 0, leaked_bytes = 0, peak_heap = 0 }
"insert <- index <- main" = { allocated_bytes = 90000, allocations = 900, leaked_bytes = 0, peak_heap = 40000 }
"load(int) <- main" = { allocated_bytes = 10000, allocations = 100, leaked_bytes = 1000, peak_heap = 10000 }
)~";

TEST(Baseline, IsThisText) {
  EXPECT_EQ(baseline_text(measured({app_session(), app_session()})), kText);
}

TEST(Baseline, ReadsBackAsTheSameText) {
  const std::string text = baseline_text(measured(
      {app_session({.bytes = 9'000}), app_session(), app_session({.bytes = 12'000, .kept = 7})}));
  const Result<Baseline> read = parse_baseline("app.baseline", text);
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_EQ(baseline_text(*read), text);
  const Spread& peak = read->metrics[static_cast<std::size_t>(Metric::peak_heap)];
  EXPECT_EQ(peak.min, 49'000U);
  EXPECT_EQ(peak.middle, 50'000U);
  EXPECT_EQ(peak.max, 52'000U);
  EXPECT_EQ(peak.runs, 3U);
}

TEST(Baseline, AnotherLayoutOfTheProgramGivesTheSameText) {
  EXPECT_EQ(baseline_text(measured({app_session({.scale = 7})})),
            baseline_text(measured({app_session({.scale = 1})})));
}

TEST(Baseline, HostileNamesAreEscapedAndComeBack) {
  model::Session session = app_session();
  const std::string name = "a\"b\\c\n\x1b[31m\xff\xc3\xa9 \xe2\x86\x90 end";
  session.symbols[3].frames[0].function = name;
  const Baseline baseline = measured({session});
  const std::string text = baseline_text(baseline);
  for (const char c : text) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  }
  const Result<Baseline> read = parse_baseline("app.baseline", text);
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_EQ(baseline_text(*read), text);
  EXPECT_EQ(read->stacks[0].text, baseline.stacks[0].text);
  EXPECT_EQ(read->stacks[0].text, name + " <- main");
}

// A baseline may be edited by hand, in UTF-8: it means the same bytes as the escapes that memwatch
// writes.
TEST(Baseline, NamesOfAMachineComeBackAndTheirSpellingDoesNotMatter) {
  Baseline baseline = measured({app_session()});
  baseline.environment->kernel = "6.1-caf\xc3\xa9 \xe2\x82\xac \xff\x01";
  const std::string text = baseline_text(baseline);
  const Result<Baseline> read = parse_baseline("app.baseline", text);
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_EQ(read->environment->kernel, baseline.environment->kernel);
  const std::string euro = "\\u00E2\\u0082\\u00AC", by_hand = replaced(text, euro, "\xe2\x82\xac");
  const Result<Baseline> edited = parse_baseline("app.baseline", by_hand);
  ASSERT_TRUE(edited) << edited.error().to_line();
  EXPECT_EQ(edited->environment->kernel, baseline.environment->kernel);
  EXPECT_EQ(baseline_text(*edited), text);
}

TEST(Baseline, OfALargeProgramOnlyTheLargestStacksAreListedAndTheRestIsSummedUp) {
  testing::SessionBuilder builder;
  const auto exe = builder.module("/build/app");
  model::Session& session = builder.session();
  std::vector<model::Site> sites;
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto at = builder.address(exe, i + 1, {{"function_" + std::to_string(i), "", 0, false}});
    const std::uint64_t size = i < 30 ? 100'000 + i : 10;
    sites.push_back({.stack = builder.stack({at}), .allocations = 1, .allocated_bytes = size});
    bytes += size;
  }
  model::Process& process = builder.process(1, "/build/app");
  process.sites = sites;
  process.totals.allocations = 1000;
  process.totals.allocated_bytes = bytes;
  const Baseline baseline = measured({session});
  EXPECT_EQ(baseline.stacks.size(), 25U);
  std::uint64_t sum = baseline.others[static_cast<std::size_t>(StackFigure::allocated_bytes)];
  for (const BaselineStack& stack : baseline.stacks) {
    sum += stack.figures[static_cast<std::size_t>(StackFigure::allocated_bytes)];
  }
  EXPECT_EQ(sum, bytes);
  EXPECT_LT(baseline_text(baseline).size(), 10'000U);
}

TEST(Baseline, EveryDamageHasItsLineAndWhatWasExpected) {
  const std::string good = baseline_text(measured({app_session()}));
  ASSERT_EQ(complaint(good), "no complaint");
  const struct {
    std::string text;
    const char *line, *expected;
  } damages[] = {
      {"", ":1: ", "schema"},
      {"int main() {}\n", ":1: ", "not TOML"},
      {replaced(good, "baseline/1", "baseline/2"), ":2: ", "written by another memwatch"},
      {replaced(good, "schema = \"memwatch.baseline/1\"", "schema = 1"), ":2: ", "schema"},
      {replaced(good, "allocations = {", "<<<<<<< HEAD\nallocations = {"), ":6: ", "not TOML"},
      {replaced(good, "peak_heap = { value", "peek_heap = { value"), ":9: ", "peak_heap"},
      {replaced(good, "failed = { value = 0", "failed = { value = \"0\""), ":7: ", "whole number"},
      {replaced(good, "failed = { value = 0", "failed = { value = -1"), ":7: ", "whole number"},
      {replaced(good, "failed = { value = 0", "failed = { value = 5"), ":7: ", "min"},
      {replaced(good, "failed = { value = 0, min = 0, max = 0, runs = 1 }", "failed = 0"),
       ":7: ", "value"},
      {replaced(good, "failed = { value = 0, min = 0, max = 0, runs = 1 }\n", ""), "", "failed"},
      {replaced(good, "max = 0, runs = 1", "max = 0, runs = 0"), ":7: ", "one run"},
      {replaced(good, "max = 0, runs = 1", "max = 0"), ":7: ", "runs"},
      {replaced(good, ", method = \"lifetime\"", ""), ":8: ", "method"},
      {replaced(good, "\"lifetime\"", "\"tea leaves\""), ":8: ", "method"},
      {replaced(good, "[environment]", "[surroundings]"), ":12: ", "[environment]"},
      {replaced(good, "cpus = 2", "cpus = \"two\""), ":14: ", "whole number"},
      {replaced(good, "kernel = \"6.1.0\"", "kernel = 6"), ":15: ", "a string"},
      {replaced(good, "libc = \"glibc", "musl = \"glibc"), ":16: ", "libc"},
      {replaced(good, "\"load(int) <- main\" = {", "\"load(int) <- main\" = 5 #"),
       ":24: ", "figures"},
      {replaced(good, "leaked_bytes = 1000, peak", "leaked = 1000, peak"), ":24: ", "leaked_bytes"},
      {good + "\"\xe2\x82\xac\" = {}\n\"\\u00E2\\u0082\\u00AC\" = {}\n", ":26: ", "twice"},
      {good.substr(0, good.find("peak_rss")), "", "peak_rss"},
  };
  for (const auto& damage : damages) {
    const std::string line = complaint(damage.text);
    EXPECT_NE(line.find(std::string("read the baseline: app.baseline") + damage.line),
              std::string::npos)
        << line;
    EXPECT_NE(line.find(damage.expected), std::string::npos) << line;
  }
}

// Whatever a file is cut to or has in it, reading it ends in a baseline or in one line.
TEST(Baseline, CutAndOverwrittenAnywhereItIsReadOrRefused) {
  const std::string good = baseline_text(measured({app_session()}));
  for (std::size_t i = 0; i < good.size(); ++i) {
    static_cast<void>(parse_baseline("b", good.substr(0, i)));
    for (const char c : {'\0', '"', '[', '\xff', '='}) {
      std::string damaged = good;
      damaged[i] = c;
      const Result<Baseline> read = parse_baseline("b", damaged);
      if (!read) {
        EXPECT_EQ(read.error().kind, ErrorKind::damaged);
        EXPECT_FALSE(read.error().why.empty());
      }
    }
  }
}

TEST(Baseline, OnlyWhatWasMeantToBeOneMayBeReplaced) {
  EXPECT_TRUE(looks_like_baseline(""));
  EXPECT_TRUE(looks_like_baseline("<<<<<<< HEAD\nschema = \"memwatch.baseline/1\"\n"));
  EXPECT_FALSE(looks_like_baseline("int main() {}\n"));
}

}  // namespace
}  // namespace memwatch::gate
