// The formats of other programs that are text: massif, heaptrack, speedscope.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "tests/unit/render/golden.h"
#include "tests/unit/render/sample_sessions.h"
#include "tools/render/heaptrack.h"
#include "tools/render/massif.h"
#include "tools/render/speedscope.h"

namespace memwatch::render {
namespace {

using nlohmann::json;

std::string massif(const analysis::Selection& selection) {
  StringOutput output;
  write_massif(selection, *selection.processes().front(), output);
  return output.text();
}

std::string heaptrack(const model::Session& session) {
  StringOutput output;
  write_heaptrack(session, session.processes.front(), output);
  return output.text();
}

json speedscope(const analysis::Selection& selection, analysis::Cost cost, std::size_t top = 0) {
  StringOutput output;
  write_speedscope(selection, cost, top, output);
  return json::parse(output.text());
}

// "main;load 100" for each sample.
std::vector<std::string> lines_of(const json& file, std::size_t profile) {
  std::vector<std::string> lines;
  const json& samples = file["profiles"][profile]["samples"];
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::string line;
    for (const std::size_t frame : samples[i]) {
      line +=
          (line.empty() ? "" : ";") + file["shared"]["frames"].at(frame)["name"].get<std::string>();
    }
    lines.push_back(line + " " +
                    std::to_string(file["profiles"][profile]["weights"][i].get<long>()));
  }
  return lines;
}

TEST(Massif, TimelinePeakAndEnd) {
  testing::expect_golden("server-massif", massif(analysis::Selection(testing::server_session())));
}

TEST(Massif, WhatAFilterLeavesOutIsOneLineSoThatSumsHold) {
  const model::Session session = testing::server_session();
  const auto selection = analysis::Selection::create(session, {std::nullopt, "", "libfoo"});
  const std::string text = massif(*selection);
  EXPECT_NE(text.find("n3: 25165824 (heap allocation functions)"), std::string::npos) << text;
  EXPECT_NE(text.find(" n0: 2097152 in 1 place, left out by --filter or --exclude\n"),
            std::string::npos);
}

TEST(Massif, SmallCallersAreOneLineAndCommentSignsAreReplaced) {
  testing::SessionBuilder builder;
  const auto exe = builder.module("/x");
  const auto main_at = builder.address(exe, 1, {{"main", "", 0, false}});
  std::vector<model::Site> sites;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto caller = builder.address(exe, 0x10 + i, {{"f::{lambda()#1}", "a.cpp", 7, false}});
    sites.push_back({.stack = builder.stack({main_at, caller}), .peak_bytes = i == 2 ? 1000U : 4U});
  }
  builder.process(1, "/x").sites = sites;
  const std::string text = massif(analysis::Selection(builder.session()));
  EXPECT_NE(text.find("n2: 1008 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n"
                      " n1: 1000 0x12: f::{lambda()@1} (a.cpp:7)\n"
                      "  n0: 1000 0x1: main (in /x)\n"
                      " n0: 8 in 2 places, all below massif's threshold (1.00%)\n"),
            std::string::npos)
      << text;
}

TEST(Massif, KeepsAHundredSnapshotsOfALongTimelineAndThePeak) {
  model::Session session = testing::server_session();
  model::Process& process = session.processes[0];
  process.timeline.clear();
  for (std::size_t i = 0; i < 5000; ++i) {
    model::TimelineSample sample;
    sample.at = static_cast<double>(i) / 500;
    process.timeline.push_back(sample);
  }
  const std::string text = massif(analysis::Selection(session));
  std::size_t snapshots = 0;
  for (std::size_t at = 0; (at = text.find("snapshot=", at)) != std::string::npos; ++at) {
    ++snapshots;
  }
  EXPECT_LE(snapshots, 100U);
  EXPECT_GE(snapshots, 80U);
  EXPECT_NE(text.find("time=8200\nmem_heap_B=25165824\n"), std::string::npos);
}

TEST(Massif, APeakDatedBeforeTheStartComesAfterTheEmptyHeap) {
  model::Session session = testing::server_session();
  session.processes[0].heap.peak_at = -0.001;  // clocks of a millisecond
  const std::string text = massif(analysis::Selection(session));
  EXPECT_LT(text.find("mem_heap_B=0\n"), text.find("heap_tree=peak"));
  EXPECT_EQ(text.find("time=-"), std::string::npos);
}

TEST(Massif, DeepRecursionEndsInTime) {
  testing::SessionBuilder builder;
  const auto again = builder.address(builder.module("/x"), 1, {{"again", "", 0, false}});
  builder.process(1, "/x").sites = {
      {.stack = builder.stack(std::vector<model::CodeAddressId>(100'000, again)), .peak_bytes = 1}};
  EXPECT_LT(massif(analysis::Selection(builder.session())).size(), 20'000U);
}

TEST(Heaptrack, TablesThenEvents) {
  testing::SessionBuilder builder;
  const auto exe = builder.module("/bin/x");
  const auto main_at = builder.address(exe, 0x10, {{"main", "x.c", 3, false}});
  const auto load =
      builder.address(exe, 0x20, {{"inner", "x.h", 5, true}, {"load", "x.c", 9, false}});
  const auto foreign = builder.address(model::kNone, 0x7f00);
  model::Process& process = builder.process(7, "/bin/x");
  process.duration = 0.5;
  process.heap = {.live_blocks = 1, .live_bytes = 40, .peak_bytes = 300, .peak_at = 0.25};
  process.rss.peak = 8192;
  process.totals.allocations = 5;
  process.sites = {{.stack = builder.stack({main_at, load}),
                    .allocations = 3,
                    .allocated_bytes = 340,
                    .live_blocks = 1,
                    .live_bytes = 40,
                    .peak_bytes = 300,
                    .own_peak_bytes = 300},
                   {.stack = builder.truncated_stack({foreign}),
                    .allocations = 2,
                    .allocated_bytes = 20,
                    .own_peak_bytes = 10,
                    .temporary = 2}};
  const std::string text = heaptrack(builder.session());
  const std::size_t tables = text.find("X /bin/x\n");
  ASSERT_NE(tables, std::string::npos) << text;
  EXPECT_EQ(text.substr(0, 10), "v 10400 3\n");
  EXPECT_EQ(text.substr(tables),
            "X /bin/x\nI 1000 0\n"
            "s 6 /bin/x\ns 4 main\ns 3 x.c\ni 10 1 2 3 3\nt 1 0\n"
            "s 5 inner\ns 3 x.h\ns 4 load\ni 20 1 4 5 5 6 3 9\nt 2 1\n"
            "a 0 2\n"             // 0 is never used
            "a 28 2\n"            // 40 bytes that stay
            "a 104 2\na 104 2\n"  // 260 that are live at the peak, and what frees them
            "a 28 2\na 28 2\n"    // 40 that pass
            "s 6 0x7f00\ni 7f00 0 7 0 0\nt 3 0\na a 3\n"
            "+ 4\n- 5\n+ 6\n- 6\n+ 6\n- 6\n+ 1\nc fa\n+ 2\n- 3\nc 1f4\nR 2\n")
      << "stacks, then events";
}

TEST(Heaptrack, NamesCannotAddLines) {
  testing::SessionBuilder builder;
  const auto at = builder.address(builder.module("/a\nX b"), 1, {{"f\n+ 0", "c\rd", 1, false}});
  builder.process(1, "/x").sites = {{.stack = builder.stack({at}), .allocations = 1}};
  builder.session().processes[0].command = {"/x", "\nA"};
  const std::string text = heaptrack(builder.session());
  EXPECT_EQ(text.find("\nA"), std::string::npos);
  EXPECT_EQ(text.find("\nX b"), std::string::npos);
  EXPECT_EQ(text.find("\n+ 0"), std::string::npos);
}

TEST(Speedscope, OneProfileWithStacksOutermostFirst) {
  const model::Session session = testing::server_session();
  const json file = speedscope(analysis::Selection(session), analysis::Cost::peak);
  EXPECT_EQ(file["$schema"], "https://www.speedscope.app/file-format-schema.json");
  ASSERT_EQ(file["profiles"].size(), 1U);
  const json& profile = file["profiles"][0];
  EXPECT_EQ(profile["type"], "sampled");
  EXPECT_EQ(profile["unit"], "bytes");
  EXPECT_EQ(profile["name"], "server 4242, peak");
  EXPECT_EQ(profile["startValue"], 0);
  EXPECT_EQ(profile["endValue"], 24 << 20);
  EXPECT_EQ(lines_of(file, 0),
            (std::vector<std::string>{
                "__libc_start_call_main;main;load_table(std::string const&);read_row;"
                "operator new(unsigned long) 18874368",
                "__libc_start_call_main;main;serve 4194304",
                "[truncated];serve;libfoo.so.1+0xbeef 2097152"}));
  const auto frames = file["shared"]["frames"];
  const auto row = std::find_if(frames.begin(), frames.end(),
                                [](const json& frame) { return frame["name"] == "read_row"; });
  ASSERT_NE(row, frames.end());
  EXPECT_EQ((*row)["file"], "/src/server/row.h");
  EXPECT_EQ((*row)["line"], 7);
}

TEST(Speedscope, CountsHaveNoUnitAndStacksWithoutCostAreLeftOut) {
  const model::Session session = testing::server_session();
  const json file = speedscope(analysis::Selection(session), analysis::Cost::temporary);
  EXPECT_EQ(file["profiles"][0]["unit"], "none");
  EXPECT_EQ(lines_of(file, 0), std::vector<std::string>{"__libc_start_call_main;main;serve 600"});
}

TEST(Speedscope, AProfileForEachProcessThatHasAny) {
  const model::Session session = testing::tree_session();
  const json file = speedscope(analysis::Selection(session), analysis::Cost::allocated);
  std::size_t with_cost = 0;
  for (const model::Process& process : session.processes) {
    std::uint64_t total = 0;
    for (const model::Site& site : process.sites) total += site.allocated_bytes;
    if (total == 0) continue;
    EXPECT_EQ(file["profiles"].at(with_cost++)["endValue"], total);
  }
  EXPECT_EQ(file["profiles"].size(), with_cost);
  EXPECT_GT(with_cost, 1U);
}

TEST(Speedscope, NothingIsAProfileWithoutSamples) {
  const model::Session session = testing::empty_session();
  const json file = speedscope(analysis::Selection(session), analysis::Cost::peak);
  ASSERT_EQ(file["profiles"].size(), 1U);
  EXPECT_TRUE(file["profiles"][0]["samples"].empty());
}

TEST(Speedscope, StacksWithACommonBeginningAreNeighbours) {
  testing::SessionBuilder builder;
  const auto exe = builder.module("/x");
  std::vector<model::CodeAddressId> at;
  for (const char* name : {"main", "a", "b", "c"}) {
    at.push_back(builder.address(exe, at.size() + 1, {{name, "", 0, false}}));
  }
  auto& stacks = builder.session().stacks;
  stacks.insert(stacks.end(), {{0, at[0]}, {1, at[1]}, {1, at[2]}, {2, at[3]}});
  builder.process(1, "/x").sites = {
      {.stack = 4, .peak_bytes = 1}, {.stack = 3, .peak_bytes = 2}, {.stack = 2, .peak_bytes = 3}};
  const json file = speedscope(analysis::Selection(builder.session()), analysis::Cost::peak);
  EXPECT_EQ(lines_of(file, 0), (std::vector<std::string>{"main;a 3", "main;a;c 1", "main;b 2"}));
  EXPECT_EQ(
      lines_of(speedscope(analysis::Selection(builder.session()), analysis::Cost::peak, 1), 0),
      std::vector<std::string>{"main;a 3"});
}

}  // namespace
}  // namespace memwatch::render
