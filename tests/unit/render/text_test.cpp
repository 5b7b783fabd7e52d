#include "tools/render/text.h"

#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "collector/analysis/stack_text.h"
#include "tests/unit/render/golden.h"
#include "tests/unit/render/sample_sessions.h"
#include "tools/render/printable.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {
namespace {

std::string text_of(const model::Session& session, View view, const RenderOptions& options = {}) {
  return render_text(analysis::Selection(session), view, "server-4242.mw", options);
}

std::string without_escapes(const std::string& text) {
  return std::regex_replace(text, std::regex("\x1b\\[[0-9;]*m"), "");
}

TEST(Text, EveryViewOfAServerReadsAsExpected) {
  const model::Session session = testing::server_session();
  for (const std::string_view name : kViewNames) {
    testing::expect_golden("server-" + std::string(name), text_of(session, *view_from_name(name)));
  }
}

TEST(Text, EveryViewOfATreeReadsAsExpected) {
  const model::Session session = testing::tree_session();
  for (const View view :
       {View::summary, View::leaks, View::peak, View::processes, View::threads, View::timeline}) {
    testing::expect_golden("tree-" + std::string(view_name(view)), text_of(session, view));
  }
}

TEST(Text, EveryViewOfARunThatDidNothingSaysSo) {
  const model::Session session = testing::empty_session();
  for (const std::string_view name : kViewNames) {
    testing::expect_golden("empty-" + std::string(name), text_of(session, *view_from_name(name)));
  }
}

TEST(Text, ColourAddsOnlyEscapes) {
  const model::Session session = testing::server_session();
  for (const std::string_view name : kViewNames) {
    const View view = *view_from_name(name);
    const std::string coloured = text_of(session, view, {.color = true});
    EXPECT_NE(coloured.find('\x1b'), std::string::npos) << name;
    EXPECT_EQ(without_escapes(coloured), text_of(session, view)) << name;
  }
  testing::expect_golden("server-leaks-colour", text_of(session, View::leaks, {.color = true}));
}

TEST(Text, NoLineIsWiderThanTheTerminal) {
  model::Session session = testing::server_session();
  session.symbols[3].frames[1].function =
      "app::detail::Loader<std::map<int, std::vector<Row, app::Pool<Row> > > >::load(Source&)";
  session.symbols[3].frames[1].file = "/src/" + std::string(80, 'x') + ".cpp";
  session.command.push_back(std::string(300, 'y'));
  session.processes[0].threads[0].name = std::string(200, 'z');
  session.modules[1].path = "/" + std::string(200, 'm');
  session.processes[0].exe = session.modules[1].path;
  model::Session tree = testing::tree_session();
  tree.processes[3].exe = "/usr/bin/" + std::string(200, 'p');
  for (const std::size_t width : {80U, 100U, 160U}) {
    for (const std::string_view name : kViewNames) {
      const RenderOptions options{.width = width};
      std::istringstream lines(text_of(session, *view_from_name(name), options) +
                               text_of(tree, *view_from_name(name), options));
      for (std::string line; std::getline(lines, line);) {
        // Commands to copy are never cut.
        if (line.find("memwatch report") != std::string::npos) continue;
        EXPECT_LE(display_width(line), width) << name << ": " << line;
      }
    }
  }
}

TEST(Text, ThreadsBeyondTheLimitAreSaidToShareARow) {
  model::Session session = testing::server_session();
  model::ThreadTotals& further = session.processes[0].threads.emplace_back();
  further.allocations = 7;
  further.allocated_bytes = 700;
  EXPECT_NE(text_of(session, View::threads).find("(all further threads)"), std::string::npos);
}

TEST(Text, NamesCannotSmuggleEscapesIn) {
  model::Session session = testing::server_session();
  session.symbols[3].frames[1].function = "evil\x1b]0;title\x07";
  session.symbols[3].frames[1].file = "/x\x1b[2J.cpp";
  session.processes[0].threads[0].name = "\x1b[31m";
  session.processes[0].exe = "/\x1b[H";
  session.modules[1].path = "/\x1b[H";
  session.command = {"\x1b[5m"};
  session.host = "\x1b";
  session.processes[0].notes = {"\x1b[1m"};
  for (const std::string_view name : kViewNames) {
    const std::string text = text_of(session, *view_from_name(name));
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << name;
  }
}

TEST(Text, ANoteOfOneOfSeveralProcessesSaysWhichAndOfHowMany) {
  model::Session session = testing::server_session();
  session.processes[0].notes = {"was attached"};
  EXPECT_NE(text_of(session, View::summary).find("\nwas attached"), std::string::npos);
  for (std::uint32_t pid = 101; pid <= 103; ++pid) {
    model::Process child = session.processes[0];
    child.pid = pid;
    child.exe = "/bin/child";
    child.notes = {"went on"};
    session.processes.push_back(child);
  }
  const std::string text = text_of(session, View::summary);
  EXPECT_NE(text.find("): was attached\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nchild (101) and 2 more: went on\n"), std::string::npos) << text;
}

TEST(Text, TopAndFramesLimitWhatIsShown) {
  const model::Session session = testing::server_session();
  const std::string text = text_of(session, View::peak, {.top = 1, .frames = 3});
  EXPECT_NE(text.find("… and 2 more stacks, 6.0 MiB together"), std::string::npos) << text;
  EXPECT_NE(text.find("… 2 more\n      main"), std::string::npos) << text;
}

TEST(Text, PlumbingIsFoldedUnlessAllFramesAreWanted) {
  const model::Session session = testing::server_session();
  EXPECT_EQ(text_of(session, View::peak).find("__libc_start_call_main"), std::string::npos);
  EXPECT_NE(text_of(session, View::peak, {.frames = 0}).find("__libc_start_call_main"),
            std::string::npos);
}

TEST(Text, FramesInARowThatSayLittleBecomeOneLine) {
  testing::SessionBuilder builder;
  const auto app = builder.module("/srv/app");
  const auto lib = builder.module("/usr/lib/libfoo.so.1");
  const auto main_at = builder.address(app, 1, {{"main", "m.cpp", 3, false}});
  const auto push = builder.address(app, 2,
                                    {{"operator new(unsigned long)", "", 0, false},
                                     {"std::vector<int>::_M_realloc_insert", "v.tcc", 5, true},
                                     {"std::vector<int>::push_back(int)", "v.h", 7, true},
                                     {"fill", "m.cpp", 9, false}});
  const auto stack = builder.stack({main_at, builder.address(lib, 0x30), builder.address(lib, 0x20),
                                    builder.address(lib, 0x10), push});
  const Page page(RenderOptions{});
  const auto lines = [&](std::size_t limit) {
    return stack_lines(page, builder.session(), stack, {.indent = 0, .lines = limit});
  };
  EXPECT_EQ(lines(10),
            (std::vector<std::string>{"std::vector<int>::push_back(int)  (+2 inside)",
                                      "fill                              m.cpp:9",
                                      "libfoo.so.1+0x10                  (+2 without names)",
                                      "main                              m.cpp:3"}));
  EXPECT_EQ(lines(3),
            (std::vector<std::string>{"std::vector<int>::push_back(int)  (+2 inside)", "… 4 more",
                                      "main                              m.cpp:3"}));
  EXPECT_EQ(lines(0).size(), 8U);
}

TEST(Text, FilteredViewsSayHowMuchTheyLeaveOut) {
  const model::Session session = testing::server_session();
  const auto some = analysis::Selection::create(session, {{}, "libfoo", ""});
  EXPECT_NE(render_text(*some, View::peak, "a.mw", {}).find("filtered: 2.0 MiB of 24.0 MiB"),
            std::string::npos);
  const auto none = analysis::Selection::create(session, {{}, "nowhere", ""});
  for (const std::string_view name : kViewNames) {
    EXPECT_FALSE(render_text(*none, *view_from_name(name), "a.mw", {}).empty());
  }
}

TEST(Text, LossesAndCutsAreSaidAtTheTop) {
  model::Session session = testing::server_session();
  session.complete = false;
  session.processes[0].losses.exact = false;
  session.processes[0].losses.dropped_allocations = 7;
  const std::string text = text_of(session, View::summary);
  EXPECT_NE(text.find("NOT exact: 7 allocations dropped"), std::string::npos);
  EXPECT_NE(text.find("incomplete"), std::string::npos);
}

TEST(Text, ChildrenOfWhichNothingWasRecordedAreALoss) {
  model::Session session = testing::server_session();
  session.processes[0].losses.children_unrecorded = 2;
  for (const std::string_view name : kViewNames) {
    const std::string text = text_of(session, *view_from_name(name));
    EXPECT_NE(text.find("NOT exact: 2 child processes unrecorded"), std::string::npos) << name;
    EXPECT_EQ(text.find("nothing lost"), std::string::npos) << name;
  }
}

TEST(Text, ASessionWithoutAnEndIsNeverCalledExact) {
  model::Session session = testing::server_session();
  session.complete = false;
  session.processes[0].exit_kind = model::ExitKind::running;
  const std::string text = text_of(session, View::summary);
  EXPECT_NE(text.find("every call recorded up to its last checkpoint"), std::string::npos) << text;
  EXPECT_NE(text.find("running when last seen"), std::string::npos) << text;
  EXPECT_NE(text.find("incomplete: the recording was cut short"), std::string::npos) << text;
  EXPECT_EQ(text.find("exact"), std::string::npos) << text;
  EXPECT_EQ(text.find("nothing lost"), std::string::npos) << text;
  EXPECT_EQ(text_of(session, View::processes).find("still running"), std::string::npos);
}

TEST(Text, LifetimeFindingsAreNeverCalledLeaked) {
  const model::Session session = testing::server_session();
  for (const std::string_view name : kViewNames) {
    EXPECT_EQ(text_of(session, *view_from_name(name)).find("leaked"), std::string::npos) << name;
  }
}

TEST(Text, StacksInViewAreExactlyThoseShown) {
  const model::Session session = testing::server_session();
  const analysis::Selection selection(session);
  EXPECT_EQ(stacks_in_view(selection, View::peak, {.top = 2}).size(), 2U);
  EXPECT_EQ(stacks_in_view(selection, View::failures, {}).size(), 1U);
  EXPECT_TRUE(stacks_in_view(selection, View::threads, {}).empty());
}

}  // namespace
}  // namespace memwatch::render
