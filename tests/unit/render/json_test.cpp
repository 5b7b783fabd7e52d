#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/unit/render/sample_sessions.h"
#include "tools/render/json_report.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {
namespace {

using nlohmann::json;

json report_of(const analysis::Selection& selection, const JsonOptions& options = {}) {
  StringOutput output;
  write_json_report(selection, options, output);
  return json::parse(output.text());
}

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> result;
  for (const auto& [key, value] : object.items()) result.push_back(key);
  return result;
}

void expect_keys(const json& object, const std::vector<std::string>& names) {
  for (const std::string& name : names) EXPECT_TRUE(object.contains(name)) << name;
}

TEST(JsonReport, HasEveryFieldOfTheContract) {
  const model::Session session = testing::server_session();
  const json report = report_of(analysis::Selection(session));
  expect_keys(report, {"schema", "memwatch_version", "complete", "host", "started_at", "command",
                       "processes", "stacks", "frames"});
  EXPECT_EQ(report["schema"], "memwatch.report/1");
  EXPECT_EQ(report["started_at"], "2023-11-14T22:13:20.250Z");
  const json& process = report["processes"][0];
  expect_keys(process, {"pid", "ppid", "exe", "command", "start", "duration", "exit", "mode",
                        "sample_interval", "totals", "heap", "mapped", "rss", "losses", "functions",
                        "failures", "large", "leaks", "sites"});
  expect_keys(process["exit"], {"kind", "code", "signal"});
  expect_keys(process["totals"], {"allocations", "frees", "reallocations", "allocated_bytes",
                                  "freed_bytes", "failed", "large", "temporary", "maps", "unmaps",
                                  "mapped_bytes", "unmapped_bytes", "inherited_frees"});
  expect_keys(process["heap"],
              {"live_blocks", "live_bytes", "peak_bytes", "peak_at", "inherited_blocks"});
  expect_keys(process["mapped"], {"live_bytes", "peak_bytes"});
  expect_keys(process["rss"], {"last", "peak", "samples"});
  expect_keys(process["losses"], {"dropped_allocations", "dropped_frees", "unmatched_frees",
                                  "truncated_stacks", "stack_mismatches", "exact"});
  expect_keys(process["failures"][0], {"function", "requested", "errno", "errno_name", "count",
                                       "first_at", "injected", "stack"});
  expect_keys(process["large"][0], {"function", "requested", "address", "at", "tid", "stack"});
  expect_keys(process["leaks"],
              {"method", "complete", "definite_bytes", "definite_blocks", "indirect_bytes",
               "indirect_blocks", "possible_bytes", "possible_blocks", "reachable_bytes",
               "reachable_blocks", "suppressed_bytes", "suppressed_blocks", "records"});
  expect_keys(process["leaks"]["records"][0], {"kind", "blocks", "bytes", "stack"});
  expect_keys(process["sites"][0],
              {"stack", "allocations", "reallocations", "allocated_bytes", "live_blocks",
               "live_bytes", "peak_bytes", "own_peak_bytes", "temporary"});
  expect_keys(report["frames"][0], {"function", "file", "line", "module", "offset", "inlined"});
}

TEST(JsonReport, ListsOnlyFunctionsThatWereCalled) {
  const model::Session session = testing::server_session();
  const json report = report_of(analysis::Selection(session));
  EXPECT_EQ(keys(report["processes"][0]["functions"]),
            (std::vector<std::string>{"free", "malloc", "operator new", "realloc"}));
}

TEST(JsonReport, StackIdsAreIndicesAndFramesAreSharedAndComplete) {
  const model::Session session = testing::server_session();
  const json report = report_of(analysis::Selection(session));
  for (std::size_t i = 0; i < report["stacks"].size(); ++i) EXPECT_EQ(report["stacks"][i]["id"], i);
  const std::size_t stack = report["processes"][0]["failures"][0]["stack"];
  std::vector<std::string> functions;
  for (const std::size_t frame : report["stacks"][stack]["frames"]) {
    functions.push_back(report["frames"][frame]["function"]);
  }
  EXPECT_EQ(functions, (std::vector<std::string>{"operator new(unsigned long)", "read_row",
                                                 "load_table(std::string const&)", "main",
                                                 "__libc_start_call_main"}));
  EXPECT_EQ(report["stacks"].size(), 3U);
  EXPECT_EQ(report["frames"].size(), 7U);
}

TEST(JsonReport, UnknownNamesAreNull) {
  const model::Session session = testing::server_session();
  const json report = report_of(analysis::Selection(session));
  const json& unknown = report["frames"][report["stacks"][2]["frames"][0].get<std::size_t>()];
  EXPECT_TRUE(unknown["function"].is_null());
  EXPECT_TRUE(unknown["file"].is_null());
  EXPECT_EQ(unknown["line"], 0);
  EXPECT_EQ(unknown["module"], "/usr/lib/libfoo.so.1");
  EXPECT_EQ(unknown["offset"], "0xbeef");
}

TEST(JsonReport, OnePidAndAFilterNarrowIt) {
  const model::Session tree = testing::tree_session();
  const auto one = analysis::Selection::create(tree, {.pid = 102, .filter = "", .exclude = ""});
  EXPECT_EQ(report_of(*one)["processes"].size(), 1U);
  const model::Session server = testing::server_session();
  const auto filtered = analysis::Selection::create(server, {{}, "libfoo", ""});
  const json report = report_of(*filtered);
  EXPECT_EQ(report["processes"][0]["sites"].size(), 1U);
  EXPECT_EQ(report["processes"][0]["failures"].size(), 0U);
  EXPECT_EQ(report["processes"][0]["totals"]["allocations"], 1000);
  EXPECT_EQ(report["stacks"].size(), 1U);
}

TEST(JsonReport, TopKeepsTheCostliestSites) {
  const model::Session session = testing::server_session();
  const json report =
      report_of(analysis::Selection(session), {.top = 1, .cost = analysis::Cost::allocated});
  ASSERT_EQ(report["processes"][0]["sites"].size(), 1U);
  EXPECT_EQ(report["processes"][0]["sites"][0]["allocations"], 698);
}

TEST(JsonReport, HostileNamesAndIdsStillMakeValidJson) {
  model::Session session = testing::server_session();
  session.host = "a\"b\\c\n\x01\xff";
  session.symbols[2].frames[0].function = "\xc3(\x1b]0;x\x07";
  session.processes[0].failures[0].stack = 99999;
  session.processes[0].duration = std::numeric_limits<double>::infinity();
  session.processes[0].start = std::nan("");
  session.started_at = -1e300;
  const json report = report_of(analysis::Selection(session));
  EXPECT_EQ(report["host"], "a\"b\\c\n\x01\xEF\xBF\xBD");
  EXPECT_EQ(report["processes"][0]["duration"], 0);
  EXPECT_EQ(report["started_at"], "1970-01-01T00:00:00.000Z");
  const std::size_t stack = report["processes"][0]["failures"][0]["stack"];
  EXPECT_TRUE(report["stacks"][stack]["frames"].empty());
}

TEST(JsonReport, LargestNumbersKeepTheirDigits) {
  model::Session session = testing::empty_session();
  model::Failure failure;
  failure.function = Function::calloc_;
  failure.requested = std::numeric_limits<std::uint64_t>::max();
  session.processes[0].failures.push_back(failure);
  StringOutput output;
  write_json_report(analysis::Selection(session), {}, output);
  EXPECT_NE(output.text().find("\"requested\": 18446744073709551615"), std::string::npos);
}

TEST(JsonWriter, NestsInlineAndInLines) {
  StringOutput output;
  JsonWriter writer(output);
  writer.begin_object(JsonWriter::Layout::lines);
  writer.key("a").begin_array();
  writer.number(1);
  writer.real(0.5);
  writer.boolean(true);
  writer.null();
  writer.end_array();
  writer.key("b").begin_object(JsonWriter::Layout::lines);
  writer.end_object();
  writer.end_object();
  EXPECT_EQ(output.text(), "{\n  \"a\": [1, 0.5, true, null],\n  \"b\": {}\n}");
}

}  // namespace
}  // namespace memwatch::render
