#include "collector/analysis/suppressions.h"

#include <gtest/gtest.h>

#include "collector/analysis/glob.h"

namespace memwatch::analysis {
namespace {

std::vector<Suppression> parsed(std::string_view text) {
  const auto list = parse_suppressions(
      text, "file", [](const std::string& name) { return name == "_Z3foov" ? "foo()" : name; });
  EXPECT_TRUE(list) << (list ? "" : list.error().to_line());
  return list ? *list : std::vector<Suppression>{};
}

std::string mistake_in(std::string_view text) {
  const auto list = parse_suppressions(text, "file", {});
  return list ? "none" : list.error().subject + ": " + list.error().why;
}

std::vector<Frame> frames(std::initializer_list<std::string_view> functions) {
  std::vector<Frame> list;
  for (const std::string_view function : functions) {
    Frame frame;
    frame.function = function;
    frame.file = "/src/dir/file.cpp";
    frame.line = 7;
    frame.module = "/usr/lib/libx.so.1";
    list.push_back(frame);
  }
  return list;
}

bool suppresses(std::string_view text, std::initializer_list<std::string_view> functions) {
  const std::vector<Suppression> list = parsed(text);
  return !list.empty() && matches(list.front(), frames(functions));
}

TEST(Glob, TheWholeTextOrAnywhereInIt) {
  EXPECT_TRUE(matches_glob("a*c?e", "abbbcde", true));
  EXPECT_FALSE(matches_glob("a*c?e", "abbbcde", false));
  EXPECT_FALSE(matches_glob("a*c", "abcd", true));
  EXPECT_TRUE(matches_glob("*", "", true));
  EXPECT_TRUE(matches_template("bc", "abcd"));
  EXPECT_FALSE(matches_template("^bc", "abcd"));
  EXPECT_TRUE(matches_template("^ab*d$", "abcd"));
  EXPECT_FALSE(matches_template("ab$", "abcd"));
}

TEST(Glob, ManyStarsTakeNoForever) {
  const std::string text(20000, 'a');
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*b", text, false));
}

TEST(Suppressions, LeakSanitizersLinesMatchAnyFrameByFunctionFileOrModule) {
  EXPECT_TRUE(suppresses("leak:outer", {"inner", "an_outer_one"}));
  EXPECT_TRUE(suppresses("# comment\n\n  leak:dir/file.cpp\n", {"inner"}));
  EXPECT_TRUE(suppresses("leak:libx.so", {"inner"}));
  EXPECT_FALSE(suppresses("leak:^outer$", {"inner", "an_outer_one"}));
}

TEST(Suppressions, ValgrindsFramesMatchFromTheInnermostOn) {
  EXPECT_TRUE(suppresses("{\nn\nMemcheck:Leak\nfun:malloc\nfun:inner\n}", {"inner", "outer"}));
  EXPECT_FALSE(suppresses("{\nn\nMemcheck:Leak\nfun:malloc\nfun:outer\n}", {"inner", "outer"}));
  EXPECT_TRUE(suppresses("{\nn\nMemcheck:Leak\n...\nfun:outer\n}", {"inner", "outer"}));
  EXPECT_TRUE(
      suppresses("{\nn\nMemcheck:Leak\n...\nfun:b\n...\nfun:d\n}", {"a", "b", "c", "b", "d"}));
  EXPECT_FALSE(suppresses("{\nn\nMemcheck:Leak\n...\nfun:d\nfun:b\n}", {"a", "b", "c", "d"}));
  EXPECT_TRUE(suppresses("{\nn\nMemcheck:Leak\nobj:*/libx.so*\n}", {"a"}));
  EXPECT_TRUE(suppresses("{\nn\nMemcheck:Leak\nsrc:file.cpp:7\n}", {"a"}));
  EXPECT_FALSE(suppresses("{\nn\nMemcheck:Leak\nsrc:file.cpp:8\n}", {"a"}));
}

TEST(Suppressions, MangledNamesAndNamesWithoutTheirArguments) {
  EXPECT_TRUE(suppresses("{\nn\nMemcheck:Leak\nfun:_Znwm\nfun:_Z3foov\n}", {"foo()"}));
  EXPECT_TRUE(suppresses("{\nn\nMemcheck:Leak\nfun:foo\n}", {"foo(int)"}));
}

TEST(Suppressions, EntriesForOtherErrorsArePassedOver) {
  EXPECT_TRUE(
      parsed("{\nn\nMemcheck:Addr8\nfun:main\n}\n{\nn\nHelgrind:Race\nwhatever\n}\n").empty());
}

TEST(Suppressions, MistakesNameFileAndLineAndWhatWasExpected) {
  EXPECT_EQ(mistake_in("leak:a\n\nfoo\n").substr(0, 16), "file:3: expected");
  EXPECT_EQ(mistake_in("leak:").substr(0, 16), "file:1: expected");
  EXPECT_EQ(mistake_in("{\n").substr(0, 25), "file:1: expected a name f");
  EXPECT_EQ(mistake_in("{\nn\nMemcheck:Leak\n}\n").substr(0, 25), "file:4: expected at least");
  EXPECT_EQ(mistake_in(std::string(100000, '{')).substr(0, 16), "file:1: expected");
}

model::Session session_with(std::initializer_list<std::string_view> functions) {
  model::Session session;
  session.symbols.resize(1);
  session.modules.push_back({"/bin/program", ""});
  for (const std::string_view function : functions) {
    session.code_addresses.push_back({1, session.code_addresses.size(), true});
    session.symbols.push_back({{{std::string(function), "", 0, false}}});
    session.stacks.push_back(
        {model::kNone, static_cast<model::CodeAddressId>(session.code_addresses.size() - 1)});
  }
  session.processes.resize(1);
  return session;
}

TEST(Suppressions, WhatASuppressedLeakHoldsGoesWithItAndIsCounted) {
  model::Session session = session_with({"known", "other", "held"});
  model::Process& process = session.processes[0];
  process.leak_check.method = model::LeakMethod::reachability;
  using enum model::LeakKind;
  process.leaks = {{1, definite, 0, 0, 1, 10},  {2, definite, 0, 0, 1, 20},
                   {3, indirect, 1, 0, 1, 30},  {3, indirect, 2, 0, 1, 40},
                   {1, reachable, 0, 0, 1, 50}, {1, possible, 0, 0, 1, 60}};
  apply_suppressions(session, parsed("leak:known\n"));
  std::vector<std::uint32_t> got;
  for (const model::LeakRow& row : process.leaks) got.push_back(row.suppression);
  EXPECT_EQ(got, (std::vector<std::uint32_t>{1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(session.suppressions, std::vector<std::string>{"leak:known"});
}

TEST(Suppressions, ByLifetimeWholeSitesAreTakenOut) {
  model::Session session = session_with({"known", "other"});
  model::Process& process = session.processes[0];
  model::Site site;
  site.stack = 1;
  site.live_blocks = 2;
  site.live_bytes = 100;
  process.sites.push_back(site);
  apply_suppressions(session, parsed("leak:known\n"));
  ASSERT_EQ(process.leaks.size(), 1U);
  EXPECT_EQ(process.leaks[0].bytes, 100U);
  EXPECT_EQ(process.leaks[0].suppression, 1U);
}

}  // namespace
}  // namespace memwatch::analysis
