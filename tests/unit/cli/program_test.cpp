// Help, version and mistakes: what a person meets first.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/cli/run_cli.h"

namespace memwatch::cli {
namespace {

using testing::CliRun;
using testing::run_cli;

void expect_mistake(const std::vector<std::string>& arguments, const std::string& part) {
  const CliRun run = run_cli(arguments);
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  EXPECT_TRUE(run.err.starts_with("memwatch: ")) << run.err;
  EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
}

TEST(Program, WithoutArgumentsItGivesAnOverview) {
  const CliRun run = run_cli({});
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.out.find("report"), std::string::npos);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run_cli({"--help"}).out, run.out);
}

TEST(Program, EveryCommandHasHelpWithItsUsage) {
  for (const char* command : {"report", "doctor", "version"}) {
    const CliRun run = run_cli({command, "--help"});
    EXPECT_EQ(run.status, 0) << command;
    EXPECT_NE(run.out.find(std::string("Usage: memwatch ") + command), std::string::npos);
    EXPECT_EQ(run_cli({command, "-h"}).out, run.out);
  }
}

TEST(Program, VersionIsTheSameHoweverAsked) {
  const CliRun run = run_cli({"--version"});
  EXPECT_EQ(run.out, "memwatch " MEMWATCH_VERSION "\n");
  EXPECT_EQ(run_cli({"version"}).out, run.out);
}

TEST(Program, MistakesAreOneLineWithTheNearestRightWord) {
  expect_mistake({"reprot"}, "did you mean `report`?");
  expect_mistake({"elephant"}, "unknown command: elephant");
  expect_mistake({"--verison"}, "did you mean `--version`?");
  expect_mistake({"report", "--viw", "peak", "a.mw"}, "did you mean `--view`?");
  expect_mistake({"report", "--viw=peak"}, "unknown option: --viw: did you mean `--view`?");
  expect_mistake({"report", "a.mw", "--view", "peek"}, "did you mean `peak`?");
  expect_mistake({"report", "a.mw", "--view", "xyzzy"}, "none of summary, leaks");
  expect_mistake({"report", "a.mw", "--format", "xyzzy"}, "none of text, json, html");
  expect_mistake({"report"}, "SESSION is missing");
  expect_mistake({"report", "a.mw", "b.mw"}, "unexpected argument: b.mw");
  expect_mistake({"report", "a.mw", "--top"}, "--top: needs a value");
  expect_mistake({"report", "a.mw", "--pid", "-1"}, "--pid");
  expect_mistake({"report", "a.mw", "--filter", "("}, "--filter");
  expect_mistake({"report", "a\x1b.mw", "b\x1b.mw"}, "b\xEF\xBF\xBD.mw");
}

TEST(Program, TheEnvironmentSetsOptionsOfTheCommandThatIsRunOnly) {
  ::setenv("MEMWATCH_VIEW", "nonsense", 1);
  EXPECT_EQ(run_cli({"version"}).status, 0);
  expect_mistake({"report", "a.mw"}, "'nonsense'");
  EXPECT_EQ(run_cli({"report", "--view", "peak", "/no/such.mw"}).status, 3);
  ::unsetenv("MEMWATCH_VIEW");
}

TEST(Program, WordsAfterACommandAreItsOwnEvenIfTheyNameCommands) {
  const CliRun run = run_cli({"report", "version"});
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find("version"), std::string::npos);
}

}  // namespace
}  // namespace memwatch::cli
