// `memwatch diff` and `memwatch gate` on recorded sessions, from arguments to bytes and exit
// status.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "collector/capture/session_writer.h"
#include "tests/unit/cli/run_cli.h"
#include "tests/unit/gate/programs.h"

namespace memwatch::cli {
namespace {

using nlohmann::json;
using testing::app_session;
using testing::CliRun;
using testing::run_cli;

class RecordedSessions : public ::testing::Test {
 protected:
  void SetUp() override {
    write(app_session(), "old.mw");
    write(app_session({.allocations = 120, .scale = 3}), "new.mw");  // 2 % more allocations
    write(app_session({.kept = 5'000, .scale = 3}), "leaks.mw");
    model::Session sampled = app_session();
    sampled.processes[0].mode = model::Mode::sample;
    write(sampled, "sampled.mw");
    model::Session unseen = app_session();
    unseen.processes[0].totals = {};
    write(unseen, "unseen.mw");
    model::Session lossy = app_session();
    lossy.processes[0].losses.exact = false;
    write(lossy, "lossy.mw");
    model::Session judged = app_session();  // its 1000 bytes, by a check that saw everything
    judged.processes[0].leak_check.method = model::LeakMethod::reachability;
    judged.processes[0].leak_check.complete = true;
    judged.processes[0].leaks.resize(1);
    judged.processes[0].leaks[0].kind = model::LeakKind::definite;
    judged.processes[0].leaks[0].blocks = 1;
    judged.processes[0].leaks[0].bytes = 1'000;
    judged.processes[0].leaks[0].stack = judged.processes[0].sites[0].stack;
    write(judged, "judged.mw");
    judged.processes[0].leak_check.complete = false;
    judged.processes[0].leak_check.reason = "its threads ran on";
    write(judged, "doubtful.mw");
    auto writer = capture::SessionWriter::create(file("cut.mw"));
    ASSERT_TRUE(writer->checkpoint(app_session()).has_value());
    text("foreign.mw", "this is no session");
  }

  void write(const model::Session& session, const std::string& name) {
    auto writer = capture::SessionWriter::create(file(name));
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE(writer->finish(session).has_value());
  }
  void text(const std::string& name, const std::string& content) const {
    std::ofstream(file(name)) << content;
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

  CliRun gate(const std::string& baseline, const std::string& candidate,
              const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"gate", "--baseline", file(baseline), "--candidate",
                                          file(candidate)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments);
  }

 private:
  testing::TemporaryFolder folder_;
};

using DiffCommand = RecordedSessions;
using GateCommand = RecordedSessions;

TEST_F(DiffCommand, JsonTotalsAgreeWithTheTwoReports) {
  const auto total = [&](const char* name) {
    const json report = json::parse(run_cli({"report", file(name), "--format=json"}).out);
    return report["processes"][0]["totals"]["allocations"].get<std::int64_t>();
  };
  const CliRun run = run_cli(
      {"diff", file("old.mw"), file("new.mw"), "--metric", "allocations", "--format", "json"});
  EXPECT_EQ(run.status, 0);
  const json diff = json::parse(run.out);
  EXPECT_EQ(diff["schema"], "memwatch.diff/1");
  EXPECT_EQ(diff["metric"], "allocations");
  EXPECT_EQ(diff["old"], total("old.mw"));
  EXPECT_EQ(diff["new"], total("new.mw"));
  EXPECT_EQ(diff["delta"], 20);
  ASSERT_EQ(diff["stacks"].size(), 1U);
  EXPECT_EQ(diff["stacks"][0]["delta"], 20);
  EXPECT_EQ(diff["stacks"][0]["frames"][0]["function"], "load(int)");
  EXPECT_EQ(diff["stacks"][0]["frames"][0]["line"], 10);
}

TEST_F(DiffCommand, FailsOnGrowthBeyondWhatIsAllowed) {
  const auto status = [&](const char* after, const char* size) {
    return run_cli({"diff", file("old.mw"), file(after), "--fail-on-growth", size}).status;
  };
  EXPECT_EQ(status("leaks.mw", "3999"), 1);
  EXPECT_EQ(status("leaks.mw", "4000"), 0);
  EXPECT_EQ(status("old.mw", "0"), 0);
  EXPECT_EQ(run_cli({"diff", file("leaks.mw"), file("old.mw"), "--fail-on-growth", "0"}).status, 0);
}

TEST_F(DiffCommand, GrowthIsNotJudgedWhereItCouldNotBeMeasured) {
  for (const char* bad : {"cut.mw", "sampled.mw", "lossy.mw"}) {
    for (const auto& [before, after] : {std::pair{"old.mw", bad}, std::pair{bad, "old.mw"}}) {
      const CliRun run = run_cli({"diff", file(before), file(after), "--fail-on-growth", "1GiB"});
      EXPECT_EQ(run.status, 3) << before << " " << after;
      EXPECT_NE(run.err.find("--fail-on-growth cannot be judged"), std::string::npos) << run.err;
      EXPECT_NE(run.out.find("Next: memwatch "), std::string::npos) << "the comparison is shown";
      EXPECT_EQ(run_cli({"diff", file(before), file(after)}).status, 0);
    }
  }
  const CliRun samples =
      run_cli({"diff", file("sampled.mw"), file("sampled.mw"), "--fail-on-growth", "0"});
  EXPECT_EQ(samples.status, 0) << samples.err;
}

TEST_F(DiffCommand, LeaksThatWereNotJudgedWithEverythingSeenAreToldAndNotActedOn) {
  for (const auto& [before, after] :
       {std::pair{"judged.mw", "doubtful.mw"}, std::pair{"doubtful.mw", "judged.mw"}}) {
    const auto diff = [&, old = before, fresh = after](const std::vector<std::string>& more) {
      std::vector<std::string> arguments = {"diff", file(old), file(fresh)};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return run_cli(arguments);
    };
    const CliRun refused = diff({"--metric", "leaked", "--fail-on-growth", "1GiB"});
    EXPECT_EQ(refused.status, 3) << before;
    EXPECT_NE(refused.err.find("were not judged with everything seen: its threads ran on"),
              std::string::npos)
        << refused.err;
    const json told = json::parse(diff({"--metric", "leaked", "--format", "json"}).out);
    ASSERT_EQ(told["doubts"].size(), 1U) << told;
    // Other figures have nothing to do with it.
    EXPECT_EQ(diff({"--metric", "live", "--fail-on-growth", "0"}).status, 0) << before;
    EXPECT_EQ(json::parse(diff({"--format", "json"}).out)["doubts"].size(), 0U);
  }
  EXPECT_EQ(run_cli({"diff", file("judged.mw"), file("judged.mw"), "--metric", "leaked",
                     "--fail-on-growth", "0"})
                .status,
            0);
}

TEST_F(DiffCommand, EveryMetricAndFormatRendersAndOutputGoesToAFile) {
  for (const char* metric : {"live", "peak", "allocated", "allocations", "leaked"}) {
    const CliRun run = run_cli({"diff", file("old.mw"), file("new.mw"), "--metric", metric});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.err, "");
    EXPECT_NE(run.out.find("Next: memwatch "), std::string::npos) << run.out;
  }
  const CliRun written = run_cli({"diff", file("old.mw"), file("new.mw"), "-o", file("out.txt")});
  EXPECT_EQ(written.out, "");
  EXPECT_EQ(testing::read_text(file("out.txt")),
            run_cli({"diff", file("old.mw"), file("new.mw")}).out);
  EXPECT_EQ(run_cli({"diff", file("old.mw"), file("new.mw"), "-o", file("old.mw")}).status, 2);
}

TEST_F(DiffCommand, TellsDoubtsAndRefusesWhatIsNoSession) {
  const CliRun doubtful = run_cli({"diff", file("cut.mw"), file("sampled.mw")});
  EXPECT_EQ(doubtful.status, 0);
  EXPECT_NE(doubtful.out.find("Cut short: the old session"), std::string::npos) << doubtful.out;
  EXPECT_NE(doubtful.out.find("different modes"), std::string::npos) << doubtful.out;
  for (const char* bad : {"foreign.mw", "absent.mw"}) {
    EXPECT_EQ(run_cli({"diff", file("old.mw"), file(bad)}).status, 3);
    EXPECT_EQ(run_cli({"diff", file(bad), file("old.mw")}).status, 3);
  }
  EXPECT_EQ(run_cli({"diff", file("old.mw")}).status, 2);
  EXPECT_EQ(run_cli({"diff", file("old.mw"), file("new.mw"), "--metric", "x"}).status, 2);
  EXPECT_EQ(run_cli({"diff", file("old.mw"), file("new.mw"), "--fail-on-growth", "x"}).status, 2);
}

TEST_F(GateCommand, LeaksThatWereNotJudgedWithEverythingSeenAreNotMeasured) {
  EXPECT_EQ(gate("judged.mw", "judged.mw").status, 0);
  const CliRun doubtful = gate("judged.mw", "doubtful.mw", {"--format", "json"});
  EXPECT_EQ(doubtful.status, 3);
  EXPECT_NE(doubtful.err.find("doubtful.mw: the leaks of process 100 (/build/app) were not judged "
                              "with everything seen: its threads ran on"),
            std::string::npos)
      << doubtful.err;
  EXPECT_EQ(json::parse(doubtful.out)["outcome"], "not_measured");
  EXPECT_EQ(gate("doubtful.mw", "judged.mw").status, 3);
  // A limit far above what was counted is not kept either: what was counted may be too little.
  text("budget.toml", "[limit]\nleaked_bytes = \"1GiB\"\n");
  const auto limited = [&](const char* candidate) {
    return run_cli({"gate", "--budget", file("budget.toml"), "--candidate", file(candidate)});
  };
  EXPECT_EQ(limited("judged.mw").status, 0);
  EXPECT_EQ(limited("doubtful.mw").status, 3);
}

TEST_F(GateCommand, AnIdenticalPairPasses) {
  EXPECT_EQ(gate("old.mw", "old.mw").status, 0);
}

TEST_F(GateCommand, TwoPercentMoreAllocationsFailAndTheStackIsNamed) {
  const CliRun run = gate("old.mw", "new.mw");
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.out.find("REGRESSED: 1 of 6 metrics"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("+20, from 100 to 120"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("load(int)"), std::string::npos) << run.out;
  EXPECT_EQ(gate("new.mw", "old.mw").status, 0);  // less is no failure
}

TEST_F(GateCommand, ABaselineIsWrittenOnlyByUpdateAndIsTheSameForARebuiltProgram) {
  const CliRun missing = gate("app.baseline", "old.mw");
  EXPECT_EQ(missing.status, 3);
  EXPECT_NE(missing.err.find("--update --candidate"), std::string::npos) << missing.err;
  EXPECT_EQ(testing::read_text(file("app.baseline")), "");
  EXPECT_EQ(gate("app.baseline", "old.mw", {"--update"}).status, 0);
  const std::string written = testing::read_text(file("app.baseline"));
  EXPECT_NE(written.find("schema"), std::string::npos);
  EXPECT_EQ(gate("app.baseline", "new.mw").status, 1);
  EXPECT_EQ(testing::read_text(file("app.baseline")), written);
  write(app_session({.scale = 8}), "rebuilt.mw");
  EXPECT_EQ(gate("app.baseline", "rebuilt.mw", {"--update"}).status, 0);
  EXPECT_EQ(testing::read_text(file("app.baseline")), written);
  EXPECT_EQ(gate("app.baseline", "new.mw", {"--update"}).status, 0);
  EXPECT_NE(testing::read_text(file("app.baseline")), written);
}

TEST_F(GateCommand, NeverPassesBecauseItCouldNotMeasure) {
  for (const char* candidate :
       {"sampled.mw", "cut.mw", "lossy.mw", "unseen.mw", "foreign.mw", "absent.mw"}) {
    const CliRun run = gate("old.mw", candidate);
    EXPECT_EQ(run.status, 3) << candidate;
    EXPECT_EQ(run.err.find("memwatch: "), 0U) << run.err;
    EXPECT_NE(run.out.find("not measured"), std::string::npos) << run.out;
    EXPECT_EQ(gate("app.baseline", candidate, {"--update"}).status, 3) << candidate;
    EXPECT_EQ(testing::read_text(file("app.baseline")), "") << candidate;
    const CliRun junit = gate("old.mw", candidate, {"--format", "junit"});
    EXPECT_NE(junit.out.find("<error "), std::string::npos) << junit.out;
  }
  for (const char* baseline : {"sampled.mw", "foreign.mw", "cut.mw", "lossy.mw", "unseen.mw"}) {
    EXPECT_EQ(gate(baseline, "old.mw").status, 3) << baseline;
  }
}

TEST_F(GateCommand, OfAProgramThatFailedWhenItWasRecordedItGivesTheStatus) {
  model::Session failed = app_session();
  failed.processes[0].exit_code = 7;
  write(failed, "failed.mw");
  model::Session killed = app_session();
  killed.processes[0].exit_kind = model::ExitKind::signaled;
  killed.processes[0].exit_signal = 11;
  write(killed, "killed.mw");
  EXPECT_EQ(gate("old.mw", "failed.mw").status, 7);
  EXPECT_EQ(gate("old.mw", "killed.mw").status, 139);
  EXPECT_EQ(gate("app.baseline", "failed.mw", {"--update"}).status, 7);
  EXPECT_EQ(testing::read_text(file("app.baseline")), "");
  EXPECT_EQ(gate("failed.mw", "old.mw").status, 3);
}

TEST_F(GateCommand, ADamagedBaselineIsToldByFileAndLineAndMayBeReplaced) {
  ASSERT_EQ(gate("app.baseline", "old.mw", {"--update"}).status, 0);
  const std::string good = testing::read_text(file("app.baseline"));
  text("app.baseline", "<<<<<<< HEAD\n" + good);
  const CliRun run = gate("app.baseline", "old.mw");
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find("app.baseline:1: "), std::string::npos) << run.err;
  EXPECT_EQ(gate("app.baseline", "old.mw", {"--update"}).status, 0);
  EXPECT_EQ(testing::read_text(file("app.baseline")), good);
}

TEST_F(GateCommand, ABaselineOfAnotherLeakMethodCannotBeCompared) {
  ASSERT_EQ(gate("app.baseline", "old.mw", {"--update"}).status, 0);
  std::string baseline = testing::read_text(file("app.baseline"));
  baseline.replace(baseline.find("lifetime"), 8, "reachability");
  text("app.baseline", baseline);
  const CliRun run = gate("app.baseline", "old.mw");
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find("reachability"), std::string::npos) << run.err;
}

TEST_F(GateCommand, UpdateReplacesNothingThatIsNoBaseline) {
  text("main.cpp", "int main() {}\n");
  EXPECT_EQ(gate("main.cpp", "old.mw", {"--update"}).status, 2);
  EXPECT_EQ(testing::read_text(file("main.cpp")), "int main() {}\n");
  const std::string session = testing::read_text(file("old.mw"));
  EXPECT_EQ(gate("old.mw", "new.mw", {"--update"}).status, 2);
  EXPECT_EQ(testing::read_text(file("old.mw")), session);
}

TEST_F(GateCommand, ABudgetWorksWithAndWithoutABaseline) {
  text("budget.toml", "[[stack]]\nmatch = \"^load\"\nmax_leaked = 1000\n");
  const std::vector<std::string> budget = {"--budget", file("budget.toml")};
  EXPECT_EQ(gate("old.mw", "old.mw", budget).status, 0);
  EXPECT_EQ(
      run_cli({"gate", "--budget", file("budget.toml"), "--candidate", file("leaks.mw")}).status,
      1);
  EXPECT_EQ(
      run_cli({"gate", "--budget", file("budget.toml"), "--candidate", file("old.mw")}).status, 0);
  text("tolerant.toml", "[tolerance]\nallocations = \"2 %\"\n");
  EXPECT_EQ(gate("old.mw", "new.mw", {"--budget", file("tolerant.toml")}).status, 0);
  text("bad.toml", "[limit]\npeak_heap = \"much\"\n");
  const CliRun bad = gate("old.mw", "old.mw", {"--budget", file("bad.toml")});
  EXPECT_EQ(bad.status, 3);
  EXPECT_NE(bad.err.find("bad.toml:2: "), std::string::npos) << bad.err;
  EXPECT_EQ(gate("old.mw", "old.mw", {"--budget", file("absent.toml")}).status, 3);
}

TEST_F(GateCommand, APatternThatFitsNoStackChecksNothing) {
  const std::vector<std::string> budget = {"--budget", file("budget.toml")};
  text("budget.toml", "[[stack]]\nmatch = \"^renamed\"\nmax_leaked = 0\n");
  const CliRun run = gate("old.mw", "old.mw", budget);
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find("budget.toml:1: no stack matches '^renamed'"), std::string::npos)
      << run.err;
  EXPECT_EQ(gate("app.baseline", "old.mw", {"--budget", file("budget.toml"), "--update"}).status,
            3);
  EXPECT_EQ(testing::read_text(file("app.baseline")), "");
  // What fails is told all the same.
  EXPECT_EQ(gate("old.mw", "new.mw", budget).status, 1);
  text("budget.toml", "[[stack]]\nmatch = \"^renamed\"\nmax_leaked = 0\noptional = true\n");
  const CliRun optional = gate("old.mw", "old.mw", budget);
  EXPECT_EQ(optional.status, 0) << optional.err;
  EXPECT_NE(optional.out.find("which is allowed"), std::string::npos) << optional.out;
  text("budget.toml", "[[stack]]\nmatch = \"x\"\nmax_leaked = 0\noptional = 1\n");
  const CliRun bad = gate("old.mw", "old.mw", budget);
  EXPECT_EQ(bad.status, 3);
  EXPECT_NE(bad.err.find("budget.toml:4: optional: expected true or false"), std::string::npos)
      << bad.err;
}

TEST_F(GateCommand, WrongUsageIsTwo) {
  EXPECT_EQ(run_cli({"gate"}).status, 2);
  EXPECT_EQ(run_cli({"gate", "--baseline", file("old.mw")}).status, 2);
  EXPECT_EQ(run_cli({"gate", "--candidate", file("old.mw")}).status, 2);
  EXPECT_EQ(run_cli({"gate", "--", "/bin/true"}).status, 2);
  EXPECT_EQ(gate("old.mw", "new.mw", {"--", "/bin/true"}).status, 2);
  EXPECT_EQ(gate("old.mw", "new.mw", {"--runs", "0"}).status, 2);
  EXPECT_EQ(gate("old.mw", "new.mw", {"--format", "xml"}).status, 2);
  EXPECT_EQ(gate("old.mw", "new.mw", {"-o", file("old.mw")}).status, 2);
  EXPECT_EQ(run_cli({"gate", "--budget", "x", "--update", "--", "/bin/true"}).status, 2);
}

TEST_F(GateCommand, OtherFormatsGoToAFileAndTheTextToStderr) {
  const CliRun run =
      gate("old.mw", "new.mw", {"--format", "json", "-o", file("gate.json"), "--top", "1"});
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("REGRESSED"), std::string::npos) << run.err;
  EXPECT_EQ(json::parse(testing::read_text(file("gate.json")))["outcome"], "regressed");
  EXPECT_EQ(gate("old.mw", "new.mw", {"--format", "json", "-q", "-o", file("gate.json")}).err, "");
  EXPECT_EQ(gate("old.mw", "new.mw", {"-o", "/no/such/folder/x"}).status, 1);
  EXPECT_EQ(gate("old.mw", "old.mw", {"-o", "/no/such/folder/x"}).status, 3);
}

TEST_F(GateCommand, GitHubGetsItsSummaryToo) {
  ASSERT_EQ(::setenv("GITHUB_STEP_SUMMARY", file("summary.md").c_str(), 1), 0);
  ASSERT_EQ(::setenv("GITHUB_WORKSPACE", "/src", 1), 0);
  text("summary.md", "before\n");
  const CliRun run = gate("old.mw", "new.mw", {"--format", "github"});
  ::unsetenv("GITHUB_STEP_SUMMARY");
  ::unsetenv("GITHUB_WORKSPACE");
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.out.find("::error file=app.cpp,line=10,"), 0U) << run.out;
  EXPECT_EQ(testing::read_text(file("summary.md")).find("before\n### "), 0U);
}

}  // namespace
}  // namespace memwatch::cli
