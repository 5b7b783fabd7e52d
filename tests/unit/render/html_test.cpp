// The HTML report: its figures are those of the JSON report, and nothing that a session holds can
// get out of the data.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/capture/random_session.h"
#include "tests/unit/render/sample_sessions.h"
#include "tools/render/html_diff.h"
#include "tools/render/html_document.h"
#include "tools/render/html_report.h"
#include "tools/render/json_report.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {
namespace {

using nlohmann::json;

std::string document_text(const analysis::Selection& selection, const HtmlOptions& options = {}) {
  StringOutput output;
  write_html_document(selection, options, output);
  return output.text();
}

json document_of(const analysis::Selection& selection, const HtmlOptions& options = {}) {
  return json::parse(document_text(selection, options));
}

json report_of(const analysis::Selection& selection) {
  StringOutput output;
  write_json_report(selection, {}, output);
  return json::parse(output.text());
}

std::uint64_t sum(const json& numbers) {
  std::uint64_t total = 0;
  for (const json& number : numbers) total += number.get<std::uint64_t>();
  return total;
}

// Of the listed rows and of the rest.
std::uint64_t sum(const json& list, const std::string& column) {
  return sum(list["columns"][column]) + list["rest"][column].get<std::uint64_t>();
}

std::uint64_t member_sum(const json& rows, const std::string& member) {
  std::uint64_t total = 0;
  for (const json& row : rows) total += row[member].get<std::uint64_t>();
  return total;
}

// By a leak check definite, indirect and possible, else what was live at the end.
std::uint64_t leaked_bytes(const json& process) {
  const json& leaks = process["leaks"];
  if (leaks["method"] == "lifetime") return member_sum(process["sites"], "live_bytes");
  std::uint64_t sum = 0;
  for (const char* const kind : {"definite_bytes", "indirect_bytes", "possible_bytes"}) {
    sum += leaks[kind].get<std::uint64_t>();
  }
  return sum;
}

// What the sites of these processes sum to. Images that exec replaced hold nothing at the end where
// others are looked at as well.
json expected_costs(const std::vector<json>& processes) {
  std::uint64_t leaked = 0, peak = 0, allocated = 0, allocations = 0, temporary = 0;
  for (const json& process : processes) {
    const bool gone = process["exit"]["kind"] == "exec" && processes.size() > 1;
    if (!gone) leaked += leaked_bytes(process);
    peak += member_sum(process["sites"], "peak_bytes");
    allocated += member_sum(process["sites"], "allocated_bytes");
    allocations += member_sum(process["sites"], "allocations");
    temporary += member_sum(process["sites"], "temporary");
  }
  return {{"leaked", leaked},
          {"peak", peak},
          {"allocated", allocated},
          {"allocations", allocations},
          {"temporary", temporary}};
}

// What was live at the end, leaked or not.
std::uint64_t live_bytes(const std::vector<json>& processes) {
  std::uint64_t live = 0;
  for (const json& process : processes) {
    const bool gone = process["exit"]["kind"] == "exec" && processes.size() > 1;
    if (!gone) live += member_sum(process["sites"], "live_bytes");
  }
  return live;
}

void expect_scope_agrees(const json& scope, const std::vector<json>& processes) {
  const json expected = expected_costs(processes);
  const std::uint64_t live = live_bytes(processes);
  for (const auto& [cost, value] : expected.items()) {
    EXPECT_EQ(sum(scope["flame"]["own"][cost]), value) << cost;
    EXPECT_EQ(sum(scope["functions"], cost + "Own"), value) << cost;
  }
  EXPECT_EQ(sum(scope["sites"], "peak"), expected["peak"]);
  EXPECT_EQ(sum(scope["sites"], "live"), live);
  EXPECT_EQ(sum(scope["sites"], "allocated"), expected["allocated"]);
  EXPECT_EQ(sum(scope["sites"], "temporary"), expected["temporary"]);
  EXPECT_EQ(sum(scope["sites"], "allocations"), expected["allocations"]);
  EXPECT_EQ(sum(scope["leaks"], "bytes"), live);
  EXPECT_EQ(member_sum(scope["leaks"]["kinds"], "bytes"), live);
  EXPECT_EQ(member_sum(scope["modules"], "peak"), expected["peak"]);
  std::uint64_t allocations = 0, failed = 0;
  for (const json& process : processes) {
    allocations += process["totals"]["allocations"].get<std::uint64_t>();
    failed += process["totals"]["failed"].get<std::uint64_t>();
  }
  EXPECT_EQ(scope["totals"]["allocations"], allocations);
  EXPECT_EQ(scope["totals"]["failed"], failed);
}

HtmlOptions from(const std::string& session_path) {
  HtmlOptions options;
  options.session_path = session_path;
  return options;
}

void expect_agrees(const analysis::Selection& selection, const HtmlOptions& options = {}) {
  const json document = document_of(selection, options);
  const std::vector<json> processes = report_of(selection)["processes"];
  expect_scope_agrees(document["scopes"][0], processes);
  for (std::size_t i = 1; i < document["scopes"].size(); ++i) {
    const json& number = document["scopes"][i]["processes"][0];
    const json& shown = document["processes"][number.get<std::size_t>()];
    std::size_t found = 0;
    for (const json& process : processes) {
      if (process["pid"] != shown["pid"] || process["start"] != shown["start"]) continue;
      ++found;
      expect_scope_agrees(document["scopes"][i], {process});
      EXPECT_EQ(shown["peak"], process["heap"]["peak_bytes"]);
      EXPECT_EQ(shown["rss"], process["rss"]["peak"]);
    }
    EXPECT_EQ(found, 1U);
  }
}

TEST(HtmlDocument, AgreesWithTheJsonReport) {
  HtmlOptions short_lists;
  short_lists.top = 1;
  analysis::SelectionOptions some;
  some.filter = "serve|main";
  for (const model::Session& session :
       {testing::server_session(), testing::tree_session(), testing::empty_session()}) {
    const analysis::Selection all(session);
    expect_agrees(all);
    expect_agrees(all, short_lists);
    for (const model::Process& process : session.processes) expect_agrees(all.of_process(process));
    const auto filtered = analysis::Selection::create(session, some);
    ASSERT_TRUE(filtered.has_value());
    expect_agrees(*filtered);
  }
}

TEST(HtmlDocument, OneProcessIsOneScopeSeveralAreOneEachAndAll) {
  const model::Session server = testing::server_session();
  EXPECT_EQ(document_of(analysis::Selection(server))["scopes"].size(), 1U);
  const model::Session tree = testing::tree_session();
  const json document = document_of(analysis::Selection(tree));
  EXPECT_EQ(document["processes"].size(), tree.processes.size());
  EXPECT_GT(document["scopes"].size(), 2U);
  EXPECT_LE(document["scopes"].size(), tree.processes.size() + 1);
  EXPECT_EQ(document["scopes"][0]["processes"].size(), tree.processes.size());
}

TEST(HtmlDocument, StacksLeadFromTheirInnermostFrameToTheOutermost) {
  const model::Session session = testing::server_session();
  const json document = document_of(analysis::Selection(session));
  const json& sites = document["scopes"][0]["sites"]["columns"];
  std::vector<std::string> names;
  for (std::size_t node = sites["stack"][0]; node != 0;
       node = document["stacks"]["parent"][node].get<std::size_t>()) {
    const std::size_t frame = document["stacks"]["frame"][node];
    const std::size_t name = document["frames"]["function"][frame];
    names.push_back(document["strings"][name]);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"operator new(unsigned long)", "read_row",
                                             "load_table(std::string const&)", "main",
                                             "__libc_start_call_main"}));
}

TEST(HtmlDocument, SaysTheSentencesOfTheTextReport) {
  model::Session session = testing::server_session();
  const json exact = document_of(analysis::Selection(session))["scopes"][0];
  EXPECT_EQ(exact["exactness"], "exact: every call recorded, nothing lost");
  EXPECT_EQ(exact["notFreedPhrase"], "not freed at exit");
  EXPECT_EQ(exact["end"], "exit 0");
  EXPECT_TRUE(exact["exact"]);
  session.processes[0].losses.exact = false;
  session.processes[0].losses.dropped_frees = 3;
  const json lossy = document_of(analysis::Selection(session))["scopes"][0];
  EXPECT_EQ(lossy["exactness"], "NOT exact: 3 frees dropped");
  EXPECT_FALSE(lossy["exact"]);
}

TEST(HtmlDocument, SaysWhyNotEverythingWasSeenOfWhatWasJudged) {
  model::Session session = testing::server_session();
  model::LeakCheck& check = session.processes[0].leak_check;
  const auto doubt = [&] {
    return document_of(analysis::Selection(session))["scopes"][0]["leaks"]["doubt"];
  };
  check.reason = "its threads ran on";
  EXPECT_EQ(doubt(), "") << "nothing was judged";
  check.method = model::LeakMethod::reachability;
  EXPECT_EQ(doubt(), "its threads ran on");
  check.reason.clear();
  EXPECT_EQ(doubt(), "");
}

// Random tables refer to each other in every way that a session file may.
TEST(HtmlDocument, AnySessionIsAValidDocument) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    model::Session session;
    capture_testing::RandomSession random(seed, 30);
    for (int step = 0; step < 3; ++step) random.step(session);
    const json document = document_of(analysis::Selection(session));
    const std::size_t frames = document["frames"]["function"].size();
    for (const json& scope : document["scopes"]) {
      std::size_t depth = 0;
      for (std::size_t i = 0; i < scope["flame"]["up"].size(); ++i) {
        ASSERT_LE(scope["flame"]["up"][i], depth);
        depth = depth - scope["flame"]["up"][i].get<std::size_t>() + 1;
        ASSERT_LT(scope["flame"]["frame"][i].get<std::int64_t>(),
                  static_cast<std::int64_t>(2 * frames));
      }
      for (const json& stack : scope["sites"]["columns"]["stack"]) {
        ASSERT_LT(stack, document["stacks"]["parent"].size());
      }
    }
  }
}

TEST(HtmlDocument, HostileNamesStayInTheData) {
  const std::string script = "</script><script>alert(1)</script>";
  const std::string lines =
      "a\xE2\x80\xA8"
      "b\xE2\x80\xA9";
  const std::string comment = "<!--<script>]]>&amp;";
  const std::string broken = "\xff\xfe\x80 \xC0\xAF";
  testing::SessionBuilder builder;
  const auto module = builder.module("/tmp/" + script + broken);
  const auto stack = builder.stack({builder.address(module, 1, {{script, lines, 1, false}}),
                                    builder.address(module, 2, {{comment, broken, 2, false}})});
  model::Process& process = builder.process(1, "/bin/" + script);
  process.command = {script, broken, lines};
  process.sites = {{.stack = stack, .allocations = 1, .allocated_bytes = 5, .peak_bytes = 5}};
  process.threads = {{.tid = 1, .name = script}};
  process.notes = {comment};
  builder.session().command = {script, comment};
  HtmlOptions options = from(script);
  options.filter = options.exclude = script;
  const std::string text = document_text(analysis::Selection(builder.session()), options);
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(text.find('>'), std::string::npos);
  EXPECT_EQ(text.find('&'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xA8"), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json document = json::parse(text);  // refuses bytes that are not UTF-8
  EXPECT_NE(std::find(document["strings"].begin(), document["strings"].end(), script),
            document["strings"].end());
  EXPECT_EQ(document["command"][1], comment);
}

TEST(HtmlDiff, SumsAreTheGivenStacksWhicheverSessionTheyAreFrom) {
  const model::Session before = testing::server_session(), after = testing::tree_session();
  HtmlDiff diff;
  diff.metric = "peak";
  diff.before = {"old.mw", 300};
  diff.after = {"new</script>.mw", 500};
  std::vector<HtmlDiffStack> stacks;
  std::uint64_t grown = 0, shrunk = 0, old_total = 0, new_total = 0;
  for (const model::Session* session : {&before, &after}) {
    for (model::StackId stack = 0; stack < session->stacks.size() + 2; ++stack) {
      const std::uint64_t was = stack * 7 % 50, is = session == &before ? was / 2 : was + stack;
      stacks.push_back({session, stack, was, is});
      (is > was ? grown : shrunk) += is > was ? is - was : was - is;
      old_total += was;
      new_total += is;
    }
  }
  diff.stacks = stacks;
  for (const std::size_t top : {0U, 3U}) {
    diff.top = top;
    StringOutput output;
    write_html_diff_document(diff, output);
    EXPECT_EQ(output.text().find('<'), std::string::npos);
    const json document = json::parse(output.text());
    EXPECT_EQ(document["schema"], "memwatch.html-diff/1");
    for (const auto& [name, value] : {std::pair{"before", old_total},
                                      {"after", new_total},
                                      {"grown", grown},
                                      {"shrunk", shrunk}}) {
      EXPECT_EQ(sum(document["flame"]["own"][name]), value) << name;
      EXPECT_EQ(sum(document["rows"], name), value) << name;
    }
  }
}

TEST(HtmlDiff, FramesOfBothSessionsAreOneTree) {
  std::vector<model::Session> sessions;
  std::vector<model::StackId> leaves;
  for (const std::uint64_t slide : {0U, 0x40U}) {  // the rebuilt program's code has moved
    testing::SessionBuilder builder;
    const auto module = builder.module("/bin/app", slide == 0 ? "aa" : "bb");
    leaves.push_back(
        builder.stack({builder.address(module, 0x10 + slide, {{"main", "a.c", 3, false}}),
                       builder.address(module, 0x90 + slide, {{"load", "a.c", 9, false}}),
                       builder.address(module, 0x500, {})}));
    sessions.push_back(builder.session());
  }
  const std::vector<HtmlDiffStack> stacks = {{&sessions[0], leaves[0], 50, 0},
                                             {&sessions[1], leaves[1], 0, 80}};
  HtmlDiff diff;
  diff.stacks = stacks;
  StringOutput output;
  write_html_diff_document(diff, output);
  const json flame = json::parse(output.text())["flame"];
  EXPECT_EQ(flame["up"], (json{0, 0, 0})) << "main, load and code without a name at one offset";
  EXPECT_EQ(flame["own"]["grown"], (json{0, 0, 80}));
  EXPECT_EQ(flame["own"]["shrunk"], (json{0, 0, 50}));
}

TEST(JsonWriter, TheScriptDialectReadsBackAsTheSameText) {
  const std::string text = "a<b>&\"\\\n\t\x01 \xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA6 </script>";
  StringOutput output;
  JsonWriter writer(output, JsonWriter::Dialect::script);
  writer.begin_object(JsonWriter::Layout::inline_);
  writer.member("t<", text);
  writer.member("n", std::uint64_t{7});
  writer.end_object();
  EXPECT_EQ(json::parse(output.text()), (json{{"t<", text}, {"n", 7}}));
  EXPECT_EQ(output.text().find('<'), std::string::npos);
  EXPECT_EQ(output.text().find(", "), std::string::npos);
}

TEST(HtmlReport, IsThePageWithTheDataInItsPlace) {
  if (!has_html_report()) GTEST_SKIP() << "built without the page (MEMWATCH_DASHBOARD=OFF)";
  const model::Session session = testing::server_session();
  const analysis::Selection selection(session);
  StringOutput output;
  write_html_report(selection, from("server.mw"), output);
  const std::string& page = output.text();
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = page.find("</script>", begin);
  EXPECT_EQ(page.substr(begin + open.size(), end - begin - open.size()),
            document_text(selection, from("server.mw")));
  EXPECT_LT(page.size() - (end - begin), 300'000U) << "the page without its data";
  EXPECT_NE(page.find("Content-Security-Policy"), std::string::npos);
  for (const char* outside : {"src=\"http", "href=\"http", "@import", "url(http", "//cdn"}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
}

}  // namespace
}  // namespace memwatch::render
