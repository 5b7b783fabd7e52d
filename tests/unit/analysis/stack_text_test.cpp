#include "collector/analysis/stack_text.h"

#include <gtest/gtest.h>

#include "collector/analysis/debug_info.h"
#include "collector/analysis/noise_frames.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

std::vector<std::string> names(const model::Session& session, model::StackId stack) {
  std::vector<std::string> result;
  for (const Frame& frame : frames_of(session, stack)) result.push_back(frame_name(frame));
  return result;
}

TEST(StackText, InlinedFramesStandBeforeTheirHolderAndTheCallerOfTheAllocatorIsFirst) {
  const model::Session session = testing::server_session();
  const model::StackId stack = session.processes[0].sites[0].stack;
  EXPECT_EQ(names(session, stack),
            (std::vector<std::string>{"operator new(unsigned long)", "read_row",
                                      "load_table(std::string const&)", "main",
                                      "__libc_start_call_main"}));
  const std::vector<Frame> frames = frames_of(session, stack);
  EXPECT_TRUE(frames[1].inlined);
  EXPECT_FALSE(frames[2].inlined);
  EXPECT_EQ(frames[1].address, frames[2].address);
  EXPECT_EQ(frames[2].level, 1U);
  EXPECT_FALSE(is_truncated(session, stack));
}

TEST(StackText, UnknownCodeIsNamedByModuleAndOffset) {
  testing::SessionBuilder builder;
  const auto lib = builder.module("/usr/lib/libfoo.so.1");
  const auto known_module = builder.address(lib, 0xbeef);
  const auto no_module = builder.address(model::kNone, 0x7f00dead);
  const auto stack = builder.truncated_stack({no_module, known_module});
  EXPECT_EQ(names(builder.session(), stack),
            (std::vector<std::string>{"libfoo.so.1+0xbeef", "0x7f00dead"}));
  EXPECT_TRUE(is_truncated(builder.session(), stack));
}

TEST(StackText, IdsOutsideOfTheirTablesEndTheStackInsteadOfTheProgram) {
  testing::SessionBuilder builder;
  model::Session& session = builder.session();
  session.stacks.push_back({model::kNone, 4711});  // no such address
  session.stacks.push_back({2, 4711});             // its own parent
  session.stacks.push_back({99, 4711});            // a parent that does not exist
  session.code_addresses.push_back({77, 1, false});
  session.stacks.push_back({1, 1});  // an address of a module that does not exist
  EXPECT_TRUE(frames_of(session, 1).empty());
  EXPECT_TRUE(frames_of(session, 2).empty());
  EXPECT_TRUE(frames_of(session, 3).empty());
  EXPECT_EQ(names(session, 4), std::vector<std::string>{"0x1"});
  EXPECT_TRUE(frames_of(session, 12345).empty());
  const std::vector<model::StackId> stacks = {1, 2, 3, 4, 12345};
  EXPECT_EQ(addresses_of(session, stacks), std::vector<model::CodeAddressId>{1});
}

TEST(StackText, AddressesOfManyStacksAreListedOnce) {
  const model::Session session = testing::server_session();
  std::vector<model::StackId> stacks;
  for (const model::Site& site : session.processes[0].sites) stacks.push_back(site.stack);
  EXPECT_EQ(addresses_of(session, stacks).size(), 6U);
}

TEST(StackText, TheTellingFrameIsTheFirstOfTheReadersOwnCode) {
  const model::Session session = testing::server_session();
  const std::vector<Frame> frames = frames_of(session, session.processes[0].sites[0].stack);
  EXPECT_TRUE(is_noise(frames[0]));
  EXPECT_EQ(telling_frame(frames), 1U);
  EXPECT_TRUE(is_noise(frames[4]));
  EXPECT_EQ(telling_frame({}), 0U);
}

TEST(StackText, ModulesWithoutNamesOrLinesAreGaps) {
  const model::Session session = testing::server_session();
  const std::vector<model::StackId> stacks = {session.processes[0].sites[0].stack,
                                              session.processes[0].sites[2].stack};
  const std::vector<ModuleGap> gaps = find_gaps(session, stacks);
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].path, "/usr/lib/libc.so.6");
  EXPECT_EQ(gaps[0].unlined, 2U);
  EXPECT_EQ(gaps[0].unnamed, 0U);
  EXPECT_EQ(gaps[1].path, "/usr/lib/libfoo.so.1");
  EXPECT_EQ(gaps[1].unnamed, 1U);
}

}  // namespace
}  // namespace memwatch::analysis
