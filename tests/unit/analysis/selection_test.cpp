#include "collector/analysis/selection.h"

#include <gtest/gtest.h>

#include "collector/analysis/ranking.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

std::vector<bool> included(const model::Session& session, const SelectionOptions& options) {
  const Result<Selection> selection = Selection::create(session, options);
  std::vector<bool> result;
  for (const model::Site& site : session.processes[0].sites) {
    result.push_back(selection->includes(site.stack));
  }
  return result;
}

TEST(Selection, TakesEverythingByDefault) {
  const model::Session session = testing::tree_session();
  const Selection selection(session);
  EXPECT_EQ(selection.processes().size(), 4U);
  EXPECT_FALSE(selection.narrows_stacks());
}

TEST(Selection, OnePidSelectsAllImagesThatItHad) {
  const model::Session session = testing::tree_session();
  const auto selection = Selection::create(session, {.pid = 101, .filter = "", .exclude = ""});
  ASSERT_TRUE(selection.has_value());
  EXPECT_EQ(selection->processes().size(), 2U);
}

TEST(Selection, APidThatIsNotThereIsAUsageErrorThatNamesThosePresent) {
  const model::Session session = testing::tree_session();
  const auto selection = Selection::create(session, {.pid = 9, .filter = "", .exclude = ""});
  ASSERT_FALSE(selection.has_value());
  EXPECT_EQ(selection.error().kind, ErrorKind::usage);
  EXPECT_NE(selection.error().why.find("100, 101, 102"), std::string::npos);
}

TEST(Selection, FilterMatchesFunctionFileOrModuleOfAnyFrame) {
  const model::Session session = testing::server_session();
  using Expected = std::vector<bool>;
  EXPECT_EQ(included(session, {{}, "read_row", ""}), (Expected{true, false, false}));
  EXPECT_EQ(included(session, {{}, "serve\\.cpp", ""}), (Expected{false, true, true}));
  EXPECT_EQ(included(session, {{}, "libfoo", ""}), (Expected{false, false, true}));
  EXPECT_EQ(included(session, {{}, "", "libfoo"}), (Expected{true, true, false}));
  EXPECT_EQ(included(session, {{}, "serve", "libfoo|load_table"}), (Expected{false, true, false}));
}

TEST(Selection, FilterMatchesANameInFullAndAsItIsPrinted) {
  model::Session session = testing::server_session();
  for (model::Symbols& symbol : session.symbols) {
    for (model::SourceFrame& frame : symbol.frames) {
      if (frame.function != "read_row") continue;
      frame.function =
          "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> "
          ">::append(char const*)";
    }
  }
  using Expected = std::vector<bool>;
  EXPECT_EQ(included(session, {{}, "std::string::append", ""}), (Expected{true, false, false}));
  EXPECT_EQ(included(session, {{}, "__cxx11::basic_string<char", ""}),
            (Expected{true, false, false}));
  EXPECT_EQ(included(session, {{}, "", "std::string"}), (Expected{false, true, true}));
}

TEST(Selection, APatternThatIsNoneIsAUsageError) {
  const model::Session session = testing::server_session();
  const auto selection = Selection::create(session, {{}, "(", ""});
  ASSERT_FALSE(selection.has_value());
  EXPECT_EQ(selection.error().kind, ErrorKind::usage);
  EXPECT_FALSE(check_patterns({{}, "", "["}).has_value());
  EXPECT_TRUE(check_patterns({{}, "a", "b"}).has_value());
}

TEST(Selection, HostileStacksAreJudgedWithoutCrash) {
  testing::SessionBuilder builder;
  model::Session& session = builder.session();
  session.stacks.push_back({1, 5});
  session.stacks.push_back({500, 500});
  builder.process(1, "/x").sites = {{.stack = 1}, {.stack = 2}, {.stack = 77}};
  const auto selection = Selection::create(session, {{}, "main", ""});
  for (const model::StackId stack : {0U, 1U, 2U, 77U}) EXPECT_FALSE(selection->includes(stack));
}

TEST(Selection, PatternsOnHugeNamesStayFast) {
  testing::SessionBuilder builder;
  const auto module = builder.module("/x");
  const auto stack = builder.stack({builder.address(
      module, 1, {{std::string(60000, 'a') + "<" + std::string(60000, 'b'), "", 0, false}})});
  const auto selection = Selection::create(builder.session(), {{}, "(a+)+<.*c$", ""});
  EXPECT_FALSE(selection->includes(stack));
}

}  // namespace
}  // namespace memwatch::analysis
