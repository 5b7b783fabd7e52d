#include "collector/analysis/diff.h"

#include <gtest/gtest.h>

#include "collector/analysis/stack_copies.h"
#include "collector/analysis/stack_identity.h"
#include "tests/unit/gate/programs.h"

namespace memwatch::analysis {
namespace {

using testing::app_session;
using testing::SessionBuilder;

// One process with one site per stack, all of whose figures are `bytes`.
model::Session with_sites(SessionBuilder& builder, const std::string& exe,
                          const std::vector<std::pair<model::StackId, std::uint64_t>>& sites) {
  model::Process& process = builder.process(1, exe);
  for (const auto& [stack, bytes] : sites) {
    process.sites.push_back({.stack = stack, .live_bytes = bytes});
    process.heap.live_bytes += bytes;
  }
  return builder.session();
}

TEST(Diff, TheSameSessionDiffersInNothing) {
  const model::Session session = testing::tree_session();
  for (std::size_t i = 0; i < kDiffMetricNames.size(); ++i) {
    const Diff diff = diff_sessions(session, session, static_cast<DiffMetric>(i));
    EXPECT_EQ(diff.delta(), 0);
    EXPECT_TRUE(diff.rows.empty());
    EXPECT_EQ(diff.before.by_stack, diff.unchanged.amount) << kDiffMetricNames[i];
  }
}

TEST(Diff, SignedLargestAbsoluteDifferenceFirstAndSumsThatAgree) {
  SessionBuilder old_builder, new_builder;
  const auto stack = [](SessionBuilder& builder, const std::string& function) {
    return builder.stack({builder.address(builder.module("/app"), 1, {{function, "", 0, false}})});
  };
  const model::Session before = with_sites(old_builder, "/app",
                                           {{stack(old_builder, "shrinks"), 500},
                                            {stack(old_builder, "gone"), 40},
                                            {stack(old_builder, "stays"), 7},
                                            {stack(old_builder, "grows"), 10}});
  const model::Session after = with_sites(new_builder, "/app",
                                          {{stack(new_builder, "grows"), 110},
                                           {stack(new_builder, "shrinks"), 100},
                                           {stack(new_builder, "new"), 60},
                                           {stack(new_builder, "stays"), 7}});
  const Diff diff = diff_sessions(before, after, DiffMetric::live);
  std::vector<std::int64_t> deltas;
  std::vector<std::string> names;
  std::int64_t sum = 0;
  for (const StackDelta& row : diff.rows) {
    deltas.push_back(row.delta());
    names.emplace_back(frames_of(*row.session, row.stack)[0].function);
    sum += row.delta();
  }
  EXPECT_EQ(deltas, (std::vector<std::int64_t>{-400, 100, 60, -40}));
  EXPECT_EQ(names, (std::vector<std::string>{"shrinks", "grows", "new", "gone"}));
  EXPECT_EQ(diff.delta(), sum);
  EXPECT_EQ(diff.before.total, 557U);
  EXPECT_EQ(diff.after.total, 277U);
  EXPECT_EQ(diff.grown.stacks, 2U);
  EXPECT_EQ(diff.grown.amount, 160U);
  EXPECT_EQ(diff.shrunk.amount, 440U);
  EXPECT_EQ(diff.added.amount, 60U);
  EXPECT_EQ(diff.gone.amount, 40U);
  EXPECT_EQ(diff.unchanged.stacks, 1U);
  EXPECT_EQ(diff.unchanged.amount, 7U);
}

TEST(Diff, ARebuiltProgramComparesByNames) {
  const Diff diff =
      diff_sessions(app_session(), app_session({.kept = 1'500, .scale = 9}), DiffMetric::live);
  ASSERT_EQ(diff.rows.size(), 1U);
  EXPECT_EQ(diff.rows[0].before, 1'000U);
  EXPECT_EQ(diff.rows[0].after, 1'500U);
}

TEST(Diff, FramesWithoutNamesMatchByOffsetInOneBuildAndByModuleAcrossBuilds) {
  // Two functions of a stripped library, at other places in the other build.
  const auto session = [](const std::string& build_id, std::uint64_t first, std::uint64_t second,
                          std::uint64_t first_bytes, std::uint64_t second_bytes) {
    SessionBuilder builder;
    const auto library = builder.module("/usr/lib/libfoo.so.1", build_id);
    return with_sites(builder, "/app",
                      {{builder.stack({builder.address(library, first)}), first_bytes},
                       {builder.stack({builder.address(library, second)}), second_bytes}});
  };
  const model::Session old_build = session("a", 0x10, 0x20, 100, 200);
  const Diff same = diff_sessions(old_build, session("a", 0x10, 0x20, 100, 250), DiffMetric::live);
  ASSERT_EQ(same.rows.size(), 1U);
  EXPECT_EQ(same.rows[0].before, 200U);
  const Diff other = diff_sessions(old_build, session("b", 0x18, 0x28, 100, 250), DiffMetric::live);
  ASSERT_EQ(other.rows.size(), 1U);
  EXPECT_EQ(other.rows[0].before, 300U);  // both together
  EXPECT_EQ(other.rows[0].after, 350U);
}

TEST(Diff, SaysWhatMakesItDoubtful) {
  model::Session after = app_session();
  after.processes[0].exe = "/build/other";
  after.processes[0].mode = model::Mode::sample;
  const Diff diff = diff_sessions(app_session(), after, DiffMetric::peak);
  EXPECT_TRUE(diff.doubts.different_programs);
  EXPECT_TRUE(diff.doubts.different_modes);
  const Diff none = diff_sessions(app_session(), app_session(), DiffMetric::peak);
  EXPECT_FALSE(none.doubts.different_programs);
  EXPECT_FALSE(none.doubts.different_modes);
}

TEST(Diff, ASessionWithoutStacksStillHasItsTotals) {
  model::Session idle = app_session();
  idle.processes[0].mode = model::Mode::idle;
  idle.processes[0].sites.clear();
  const Diff diff = diff_sessions(idle, app_session(), DiffMetric::allocations);
  EXPECT_EQ(diff.before.total, 1000U);
  EXPECT_EQ(diff.delta(), 0);
  EXPECT_EQ(diff.before.by_stack, 0U);
  EXPECT_TRUE(diff.before.counted_only);
}

TEST(StackIdentity, NamesLoseVersionsFoldersAndCopies) {
  EXPECT_EQ(module_identity("/usr/lib/libfoo.so.1.2"), "libfoo.so");
  EXPECT_EQ(module_identity("/usr/lib/libfoo.so (deleted)"), "libfoo.so");
  EXPECT_EQ(module_identity("/opt/app-1.2"), "app-1.2");
  EXPECT_EQ(module_identity("[vdso]"), "[vdso]");
  EXPECT_EQ(module_identity(""), "");
  EXPECT_EQ(function_identity("load.constprop.0"), "load");
  EXPECT_EQ(function_identity("load.isra.0.part.12.cold"), "load");
  EXPECT_EQ(function_identity("load(int) [clone .isra.0] [clone .cold]"), "load(int)");
  EXPECT_EQ(function_identity("load.cold.3"), "load");
  EXPECT_EQ(function_identity("operator[]"), "operator[]");
  EXPECT_EQ(function_identity(".part.0"), ".part.0");
  EXPECT_EQ(function_identity(""), "");
}

TEST(StackIdentity, TextTellsModulesButTheProgramsOwnAndCutsPlumbing) {
  const model::Session session = testing::server_session();
  const StackIdentities identities(session);
  const auto& sites = session.processes[0].sites;
  EXPECT_EQ(identities.text_of(sites[0].stack),
            "operator new(unsigned long)@libc.so <- read_row <- load_table(std::string const&) "
            "<- main");
  EXPECT_EQ(identities.text_of(sites[2].stack), "?@libfoo.so <- serve <- ...");
  EXPECT_EQ(identities.text_of(model::kNone), "(no stack)");
}

TEST(StackIdentity, LongStacksAreCutAndStayDifferent) {
  const auto text = [](const std::string& middle) {
    SessionBuilder builder;
    const auto exe = builder.module("/app");
    std::vector<model::CodeAddressId> addresses;
    for (int i = 0; i < 60; ++i) {
      addresses.push_back(builder.address(
          exe, static_cast<std::uint64_t>(i) + 1,
          {{i == 30 ? middle : "a_function_with_a_long_name_" + std::to_string(i), "", 0, false}}));
    }
    const auto stack = builder.stack(addresses);
    builder.process(1, "/app");
    return StackIdentities(builder.session()).text_of(stack);
  };
  EXPECT_LT(text("x").size(), 600U);
  EXPECT_EQ(text("x"), text("x"));
  EXPECT_NE(text("x"), text("y"));
}

TEST(StackIdentity, HashAndTextAgree) {
  const model::Session a = app_session(), b = app_session({.scale = 5});
  StackIdentities of_a(a), of_b(b);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto stack_a = a.processes[0].sites[i].stack, stack_b = b.processes[0].sites[i].stack;
    EXPECT_EQ(of_a.of(stack_a), of_b.of(stack_b));
    EXPECT_EQ(of_a.text_of(stack_a), of_b.text_of(stack_b));
  }
  EXPECT_NE(of_a.of(a.processes[0].sites[0].stack), of_a.of(a.processes[0].sites[1].stack));
}

TEST(StackCopies, ShowTheSameFramesWithoutTheSession) {
  StackCopies copies;
  std::vector<std::string> names;
  model::StackId copy = model::kNone;
  {
    const model::Session session = testing::server_session();
    const auto stack = session.processes[0].sites[2].stack;
    for (const Frame& frame : frames_of(session, stack)) names.push_back(frame_name(frame));
    copy = copies.copy(session, stack);
    EXPECT_EQ(copies.copy(session, 4711), model::kNone);
  }
  std::vector<std::string> copied;
  for (const Frame& frame : frames_of(copies.session(), copy)) copied.push_back(frame_name(frame));
  EXPECT_EQ(copied, names);
  EXPECT_TRUE(is_truncated(copies.session(), copy));
}

}  // namespace
}  // namespace memwatch::analysis
