#include "collector/gate/budget.h"

#include <gtest/gtest.h>

namespace memwatch::gate {
namespace {

std::string complaint(const std::string& text) {
  const Result<Budget> budget = parse_budget("b.toml", text);
  return budget ? "no complaint" : budget.error().to_line();
}

TEST(Budget, EveryKeyIsRead) {
  const Result<Budget> budget = parse_budget("b.toml", R"(
[tolerance]
peak_heap = "2.5 %"
failed = "0%"
[floor]
leaked_bytes = "1KiB"
allocations = 10
[limit]
peak_rss = 1048576
failed = 0
[[stack]]
match = "^parse_"
max_peak = "8MiB"
[[stack]]
name = "cache"
match = "cache|lru"
max_leaked = 0
max_own_peak = "1.5k"
max_allocated = 1
max_allocations = 2
)");
  ASSERT_TRUE(budget) << budget.error().to_line();
  const auto at = [](Metric metric) { return static_cast<std::size_t>(metric); };
  EXPECT_EQ(budget->tolerance[at(Metric::peak_heap)], 25'000U);
  EXPECT_EQ(budget->tolerance[at(Metric::failed)], 0U);
  EXPECT_EQ(budget->tolerance[at(Metric::allocations)], std::nullopt);
  EXPECT_EQ(budget->floor[at(Metric::leaked_bytes)], 1024U);
  EXPECT_EQ(budget->floor[at(Metric::allocations)], 10U);
  EXPECT_EQ(budget->limit[at(Metric::peak_rss)], 1U << 20);
  EXPECT_EQ(budget->limit[at(Metric::failed)], 0U);
  ASSERT_EQ(budget->stacks.size(), 2U);
  const auto most = [&](std::size_t i, StackFigure figure) {
    return budget->stacks[i].most[static_cast<std::size_t>(figure)];
  };
  EXPECT_EQ(budget->stacks[0].name, "^parse_");
  EXPECT_EQ(most(0, StackFigure::peak_heap), 8U << 20);
  EXPECT_EQ(most(0, StackFigure::leaked_bytes), std::nullopt);
  EXPECT_EQ(budget->stacks[1].name, "cache");
  EXPECT_EQ(most(1, StackFigure::leaked_bytes), 0U);
  EXPECT_EQ(most(1, StackFigure::own_peak), 1536U);
  EXPECT_EQ(most(1, StackFigure::allocated_bytes), 1U);
  EXPECT_EQ(most(1, StackFigure::allocations), 2U);
}

TEST(Budget, AnEmptyOneLimitsNothing) {
  const Result<Budget> budget = parse_budget("b.toml", "# nothing yet\n");
  ASSERT_TRUE(budget);
  EXPECT_TRUE(budget->stacks.empty());
}

TEST(Budget, EveryMistakeHasItsLineAndWhatWasExpected) {
  const struct {
    const char *text, *line, *expected;
  } mistakes[] = {
      {"[limits]\n", "b.toml:1: ", "[limit]"},
      {"\n\npeak_heap = 5\n", "b.toml:3: ", "[tolerance]"},
      {"limit = 5\n", "b.toml:1: ", "expected a table"},
      {"[limit]\npeak = 5\n", "b.toml:2: ", "peak_heap"},
      {"[limit]\npeak_heap = \"5 parsecs\"\n", "b.toml:2: ", "a size"},
      {"[limit]\npeak_heap = -1\n", "b.toml:2: ", "a size"},
      {"[limit]\npeak_heap = 1.5\n", "b.toml:2: ", "a number with a point"},
      {"[limit]\npeak_heap = true\n", "b.toml:2: ", "true or false"},
      {"[limit]\nfailed = \"1KiB\"\n", "b.toml:2: ", "a whole number"},
      {"[tolerance]\npeak_heap = 5\n", "b.toml:2: ", "a percentage"},
      {"[tolerance]\npeak_heap = \"5\"\n", "b.toml:2: ", "a percentage"},
      {"[tolerance]\npeak_heap = \"-5 %\"\n", "b.toml:2: ", "a percentage"},
      {"[tolerance]\npeak_heap = \"9999999999 %\"\n", "b.toml:2: ", "a percentage"},
      {"[floor]\nallocations = \"many\"\n", "b.toml:2: ", "a whole number"},
      {"stack = 3\n", "b.toml:1: ", "[[stack]]"},
      {"[stack]\nmatch = \"x\"\n", "b.toml:1: ", "[[stack]]"},
      {"stack = [1]\n", "b.toml:1: ", "a table"},
      {"\n[[stack]]\nmax_peak = 1\n", "b.toml:2: ", "match"},
      {"[[stack]]\nmatch = \"x\"\n", "b.toml:1: ", "max_peak"},
      {"[[stack]]\nmatch = \"(\"\nmax_peak = 1\n", "b.toml:2: ", "regular expression"},
      {"[[stack]]\nmatch = 5\nmax_peak = 1\n", "b.toml:2: ", "a string"},
      {"[[stack]]\nmatch = \"x\"\nmax_paek = 1\n", "b.toml:3: ", "max_peak"},
      {"[[stack]]\nmatch = \"x\"\nmax_peak = \"x\"\n", "b.toml:3: ", "a size"},
      {"[limit]\npeak_heap = \n", "b.toml:2: ", "not TOML"},
      {"[limit]\npeak_heap = 1\npeak_heap = 2\n", "b.toml:3: ", "not TOML"},
      {"<<<<<<< HEAD\n", "b.toml:1: ", "not TOML"},
      {"[limit]\npeak_heap = 99999999999999999999\n", "b.toml:2: ", "not TOML"},
  };
  for (const auto& mistake : mistakes) {
    const std::string line = complaint(mistake.text);
    EXPECT_NE(line.find(std::string("read the budget: ") + mistake.line), std::string::npos)
        << mistake.text << line;
    EXPECT_NE(line.find(mistake.expected), std::string::npos) << mistake.text << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

TEST(Budget, DeepNestingAndBinaryAreRefusedNotFollowed) {
  EXPECT_NE(complaint("a = " + std::string(100'000, '[')), "no complaint");
  EXPECT_NE(complaint(std::string("\0\xff\xfe\x01", 4)), "no complaint");
}

TEST(Budget, AMissingFileAndAFolderAreToldApart) {
  EXPECT_EQ(read_budget("/no/such/budget.toml").error().kind, ErrorKind::not_found);
  EXPECT_EQ(read_budget("/tmp").error().kind, ErrorKind::system);
}

}  // namespace
}  // namespace memwatch::gate
