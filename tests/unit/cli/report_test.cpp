// `memwatch report` on real files, from arguments to bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "collector/capture/session_writer.h"
#include "tests/unit/cli/run_cli.h"
#include "tests/unit/render/sample_sessions.h"
#include "tools/render/view.h"

namespace memwatch::cli {
namespace {

using nlohmann::json;
using testing::CliRun;
using testing::run_cli;

class ReportCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    write(testing::server_session(), "server.mw");
    write(testing::tree_session(), "tree.mw");
  }

  void write(const model::Session& session, const std::string& name) {
    auto writer = capture::SessionWriter::create(folder_.file(name));
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE(writer->finish(session).has_value());
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(ReportCommand, EveryViewRendersWithoutComplaint) {
  for (const char* session : {"server.mw", "tree.mw"}) {
    for (const std::string_view view : render::kViewNames) {
      const CliRun run = run_cli({"report", file(session), "--view", std::string(view)});
      EXPECT_EQ(run.status, 0) << view;
      EXPECT_FALSE(run.out.empty()) << view;
      EXPECT_EQ(run.err, "") << view;
      EXPECT_EQ(run.out.find('\x1b'), std::string::npos) << view;
    }
  }
}

TEST_F(ReportCommand, JsonIsWholeUnlessTopIsGiven) {
  const json whole = json::parse(run_cli({"report", file("server.mw"), "--format", "json"}).out);
  EXPECT_EQ(whole["processes"][0]["sites"].size(), 3U);
  const json top =
      json::parse(run_cli({"report", file("server.mw"), "--format=json", "--top=1"}).out);
  EXPECT_EQ(top["processes"][0]["sites"].size(), 1U);
}

TEST_F(ReportCommand, OutputGoesToAFileOrToStdout) {
  const CliRun run =
      run_cli({"report", file("server.mw"), "--format", "csv", "-o", file("out.csv")});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, "");
  const CliRun dash = run_cli({"report", file("server.mw"), "--format", "csv", "-o", "-"});
  EXPECT_EQ(dash.out, testing::read_text(file("out.csv")));
  EXPECT_EQ(run_cli({"report", file("server.mw"), "-o", "/no/such/folder/x"}).status, 3);
}

TEST_F(ReportCommand, TheSessionItselfIsNeverOverwritten) {
  const std::string before = testing::read_text(file("server.mw"));
  EXPECT_EQ(run_cli({"report", file("server.mw"), "-o", file("server.mw")}).status, 2);
  EXPECT_EQ(testing::read_text(file("server.mw")), before);
}

TEST_F(ReportCommand, SelectsProcessesAndStacks) {
  const CliRun one = run_cli({"report", file("tree.mw"), "--pid", "102", "--format", "json"});
  EXPECT_EQ(json::parse(one.out)["processes"].size(), 1U);
  const CliRun none = run_cli({"report", file("tree.mw"), "--pid", "9"});
  EXPECT_EQ(none.status, 2);
  EXPECT_NE(none.err.find("100, 101, 102"), std::string::npos);
  const CliRun filtered = run_cli({"report", file("server.mw"), "--format", "collapsed", "--filter",
                                   "libfoo", "--cost", "leaked"});
  EXPECT_EQ(filtered.out, "[truncated];serve;libfoo.so.1+0xbeef 1048576\n");
}

TEST_F(ReportCommand, EveryFormatOfAnotherProgramIsWritten) {
  const std::pair<const char*, const char*> beginnings[] = {
      {"collapsed", "__libc_start_call_main;main;"},
      {"csv", "pid,allocations,"},
      {"pprof", "\x1f\x8b"},
      {"speedscope", "{\n  \"$schema\": "},
      {"massif", "desc: Recorded by memwatch"},
      {"heaptrack", "v 10400 3\n# Recorded by"}};
  for (const auto& [format, beginning] : beginnings) {
    const CliRun run =
        run_cli({"report", file("server.mw"), "--format", format, "-o", file("out")});
    EXPECT_EQ(run.status, 0) << format;
    EXPECT_EQ(run.err, "") << format;
    EXPECT_TRUE(testing::read_text(file("out")).starts_with(beginning)) << format;
  }
}

TEST_F(ReportCommand, HeaptrackIsCompressedAsItsNameSays) {
  run_cli({"report", file("server.mw"), "--format", "heaptrack", "-o", file("a.gz")});
  EXPECT_TRUE(testing::read_text(file("a.gz")).starts_with("\x1f\x8b"));
  run_cli({"report", file("server.mw"), "--format", "heaptrack", "-o", file("a.zst")});
  EXPECT_TRUE(testing::read_text(file("a.zst")).starts_with("\x28\xb5\x2f\xfd"));
}

TEST_F(ReportCommand, WhatAFormatCannotHonourIsRefusedBeforeAnythingIsWritten) {
  const std::vector<std::vector<std::string>> refused = {
      {"heaptrack", "--filter", "main"}, {"heaptrack", "--exclude", "main"},
      {"heaptrack", "--top", "3"},       {"heaptrack", "--cost", "peak"},
      {"massif", "--top", "3"},          {"massif", "--cost", "leaked"},
      {"pprof", "--cost", "peak"},       {"pprof", "--cost", "temporary"},
      {"speedscope", "--view", "peak"},  {"collapsed", "--view", "peak"},
      {"csv", "--view", "peak"}};
  for (const auto& what : refused) {
    std::vector<std::string> arguments = {"report", file("server.mw"), "-o", file("none"),
                                          "--format"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.status, 2) << what[0] << what[1];
    EXPECT_NE(run.err.find(what[1]), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("--format " + what[0]), std::string::npos) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_FALSE(std::ifstream(file("none")).good()) << "not even an empty file";
  }
  EXPECT_EQ(run_cli({"report", file("server.mw"), "--format=massif", "--cost=peak"}).status, 0);
}

TEST_F(ReportCommand, FormatsOfOneProcessTakeTheRootUnlessAPidIsGiven) {
  const CliRun root = run_cli({"report", file("tree.mw"), "--format", "massif"});
  const CliRun named = run_cli({"report", file("tree.mw"), "--format", "massif", "--pid", "100"});
  EXPECT_EQ(root.out, named.out);
  EXPECT_NE(root.out.find("desc: Process 100: "), std::string::npos);
  const CliRun other = run_cli({"report", file("tree.mw"), "--format", "massif", "--pid", "102"});
  EXPECT_NE(other.out.find("desc: Process 102: "), std::string::npos);
}

TEST_F(ReportCommand, OfSeveralProgramsOfAPidTheLastIsShownAndNamed) {
  model::Session session = testing::server_session();
  session.processes.push_back(session.processes.front());
  session.processes.front().exit_kind = model::ExitKind::exec;
  session.processes.back().exe = "/usr/bin/second";
  write(session, "exec.mw");
  const CliRun run = run_cli({"report", file("exec.mw"), "--format", "massif"});
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.out.find("/usr/bin/second"), std::string::npos);
  EXPECT_NE(run.err.find("2 programs"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("/usr/bin/second"), std::string::npos) << run.err;
}

TEST_F(ReportCommand, ALogOfTooManyCallsIsRefused) {
  model::Session session = testing::server_session();
  session.processes.front().sites.front().allocations = 5'000'000'000;
  write(session, "long.mw");
  const CliRun run =
      run_cli({"report", file("long.mw"), "--format", "heaptrack", "-o", file("none")});
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.err.find("5,000,000,808 calls"), std::string::npos) << run.err;
}

TEST_F(ReportCommand, ASessionWithoutProcessesHasNoneToShow) {
  write(model::Session{}, "none.mw");
  for (const char* format : {"pprof", "massif", "heaptrack"}) {
    const CliRun run = run_cli({"report", file("none.mw"), "--format", format, "-o", file("none")});
    EXPECT_EQ(run.status, 3) << format;
    EXPECT_NE(run.err.find("no process"), std::string::npos) << run.err;
  }
}

TEST_F(ReportCommand, AForeignOrMissingFileIsExit3WithTheReason) {
  const CliRun missing = run_cli({"report", file("nosuch.mw")});
  EXPECT_EQ(missing.status, 3);
  EXPECT_NE(missing.err.find("No such file"), std::string::npos);
  std::ofstream(file("foreign.mw")) << "this is no session";
  const CliRun foreign = run_cli({"report", file("foreign.mw")});
  EXPECT_EQ(foreign.status, 3);
  EXPECT_NE(foreign.err.find("not a memwatch session"), std::string::npos);
  EXPECT_EQ(foreign.out, "");
}

TEST_F(ReportCommand, ACutSessionIsReportedWithAWarning) {
  auto writer = capture::SessionWriter::create(file("cut.mw"));
  ASSERT_TRUE(writer->checkpoint(testing::server_session()).has_value());
  const CliRun run = run_cli({"report", file("cut.mw"), "--format", "json"});
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.err.find("memwatch: warning: "), std::string::npos) << run.err;
  EXPECT_EQ(json::parse(run.out)["complete"], false);
}

TEST_F(ReportCommand, ColourOnlyWhereAskedFor) {
  EXPECT_NE(run_cli({"report", file("server.mw"), "--color", "always"}).out.find('\x1b'),
            std::string::npos);
  EXPECT_EQ(run_cli({"report", file("server.mw"), "--color=never"}).out.find('\x1b'),
            std::string::npos);
}

}  // namespace
}  // namespace memwatch::cli
