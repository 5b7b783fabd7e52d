// What `memwatch gate` prints in formats that other programs read.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/gate/programs.h"
#include "tools/render/gate.h"

namespace memwatch::render {
namespace {

using nlohmann::json;
using testing::app_session;

// A regression of everything that stacks explain, by functions with these names.
class GateFormats : public ::testing::Test {
 protected:
  void SetUp() override {
    gate::Measurement then{gate::Budget{}};
    ASSERT_TRUE(then.add(app_session(), "run"));
    baseline_ = gate::baseline_of(then, std::nullopt, gate::Listing::worth_a_line);
  }

  gate::GateReport regressed(const model::Session& session) {
    EXPECT_TRUE(now_.add(session, "run"));
    gate::GateReport report = gate::assess({now_, &baseline_, 1, false});
    report.subject = "./app 'a, b: 100 %'";
    report.baseline_path = "app.baseline";
    return report;
  }

  static gate::GateReport failed() {
    gate::GateReport report;
    report.outcome = gate::Outcome::target_failed;
    report.failure = "./app: exit 7 in run 1 of 3";
    report.target_status = 7;
    report.subject = "./app";
    report.unmeasured_limits = {"cache (max_peak)"};
    return report;
  }

  gate::Measurement now_{gate::Budget{}};
  gate::Baseline baseline_;
};

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

template <typename Write>
std::string written(Write write) {
  StringOutput output;
  write(output);
  return output.text();
}

TEST_F(GateFormats, JsonHoldsTheFiguresAndTheStacks) {
  const auto report = regressed(app_session({.allocations = 200, .bytes = 40'000, .kept = 1'001}));
  const json parsed = json::parse(written([&](Output& out) { write_gate_json(report, out); }));
  EXPECT_EQ(parsed["schema"], "memwatch.gate/1");
  EXPECT_EQ(parsed["outcome"], "regressed");
  EXPECT_EQ(parsed["metrics"].size(), 6U);
  const json& leaked = parsed["metrics"][3];
  EXPECT_EQ(leaked["metric"], "leaked_bytes");
  EXPECT_EQ(leaked["delta"], 1);
  EXPECT_EQ(leaked["failed"], true);
  EXPECT_EQ(leaked["stacks"][0]["frames"][0]["function"], "load(int)");
  EXPECT_EQ(leaked["stacks"][0]["old"], 1'000);
  EXPECT_EQ(parsed["metrics"][5]["failed"], false);
}

TEST_F(GateFormats, JUnitCountsATestForEachMetricAndEscapesNames) {
  model::Session session = app_session({.bytes = 40'000});
  session.symbols[3].frames[0].function = "parse<\"&\x01>";
  const auto report = regressed(session);
  const std::string xml = written([&](Output& out) { write_gate_junit(report, out); });
  EXPECT_EQ(count(xml, "<testcase "), 7U);
  EXPECT_EQ(count(xml, "<failure "), 2U) << xml;  // allocated_bytes, peak_heap
  EXPECT_NE(xml.find("tests=\"7\" failures=\"2\" errors=\"0\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("parse&lt;&quot;&amp;"), std::string::npos) << xml;
  EXPECT_EQ(xml.find('\x01'), std::string::npos);
}

TEST_F(GateFormats, JUnitOfAFailedProgramIsAnErrorAndNothingPasses) {
  const std::string xml = written([&](Output& out) { write_gate_junit(failed(), out); });
  EXPECT_EQ(count(xml, "<error "), 1U);
  EXPECT_EQ(count(xml, "<skipped "), 7U);
  EXPECT_NE(xml.find("tests=\"8\" failures=\"0\" errors=\"1\" skipped=\"7\""), std::string::npos);
}

TEST_F(GateFormats, GitHubGetsFilesLinesAndEscapes) {
  const auto report = regressed(app_session({.allocations = 200, .bytes = 40'000}));
  const std::string text = written([&](Output& out) { write_gate_github(report, "/src/", out); });
  EXPECT_NE(text.find("::error file=app.cpp,line=10,title=memory%3A "), std::string::npos) << text;
  EXPECT_NE(text.find("%25"), std::string::npos);
  EXPECT_EQ(count(text, "\n"), count(text, "\n::") + 1) << text;  // a line per command
  const std::string elsewhere = written([&](Output& out) { write_gate_github(report, "", out); });
  EXPECT_NE(elsewhere.find("file=/src/app.cpp,"), std::string::npos);
}

TEST_F(GateFormats, GitHubGetsTheWorstNineAndHowManyMore) {
  testing::SessionBuilder builder;
  const auto exe = builder.module("/build/app");
  std::vector<model::Site> sites;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto at = builder.address(
        exe, i + 1,
        {{"f" + std::to_string(i), "/src/f,:.cpp", static_cast<std::uint32_t>(i), false}});
    sites.push_back(
        {.stack = builder.stack({at}), .allocations = 1, .allocated_bytes = 100'000 + i});
  }
  model::Process& process = builder.process(1, "/build/app");
  process.sites = sites;
  process.totals.allocations = 40;
  process.totals.allocated_bytes = 5'000'000;
  const auto report = regressed(builder.session());
  const std::string text = written([&](Output& out) { write_gate_github(report, "", out); });
  EXPECT_EQ(count(text, "::warning file="), 9U);
  EXPECT_NE(text.find("and 31 more stacks that grew"), std::string::npos) << text;
  EXPECT_NE(text.find("file=/src/f%2C%3A.cpp,"), std::string::npos) << text;
  EXPECT_LE(count(text, "::warning"), 10U);
  EXPECT_LE(count(text, "::error"), 10U);
}

TEST_F(GateFormats, MarkdownStaysBelowWhatACommentTakes) {
  model::Session session = app_session({.allocations = 200, .bytes = 40'000});
  session.symbols[3].frames[0].function = std::string(100'000, '`') + "|<script>";
  auto report = regressed(session);
  report.environment.assign(3000, "kernel 1 then, 2 now, and a long sentence");
  const std::string text = written([&](Output& out) { write_gate_markdown(report, out); });
  EXPECT_LT(text.size(), 60'000U);
  EXPECT_NE(text.find("| **`allocated_bytes`**"), std::string::npos);
  EXPECT_EQ(count(text, "```") % 2, 0U);
  EXPECT_NE(text.find("This is cut"), std::string::npos);
}

TEST_F(GateFormats, TextTellsTheRuleAndTheStack) {
  const auto report = regressed(app_session({.bytes = 40'000}));
  const std::string text =
      written([&](Output& out) { write_gate_text(report, RenderOptions{}, out); });
  EXPECT_NE(text.find("REGRESSED: 2 of 6 metrics"), std::string::npos) << text;
  EXPECT_NE(text.find("127 KiB is above 98.6 KiB, the baseline's 97.7 KiB and 1 %."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("+29.3 KiB, from 9.8 KiB to 39.1 KiB"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace memwatch::render
