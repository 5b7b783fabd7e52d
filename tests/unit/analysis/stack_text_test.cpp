#include "collector/analysis/stack_text.h"

#include <gtest/gtest.h>

#include "collector/analysis/debug_info.h"
#include "collector/analysis/noise_frames.h"
#include "collector/analysis/program_start.h"
#include "collector/analysis/upkeep.h"
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

Frame frame(std::string_view function, std::string_view module = "/srv/app",
            std::string_view file = "") {
  Frame result;
  result.function = function;
  result.module = module;
  result.file = file;
  return result;
}

std::vector<std::string> without_start(const std::vector<Frame>& frames) {
  std::vector<std::string> result;
  for (const Frame& each : without_program_start(frames)) result.push_back(frame_name(each));
  return result;
}

TEST(NoiseFrames, LibrariesAllocatorWrappersAndContainersAreNoise) {
  for (const char* const name :
       {"operator new(unsigned long)", "void std::vector<int>::_M_realloc_insert<int>(int*)",
        "std::basic_ostream<char>& std::operator<< <char>(int)", "xmalloc", "sqlite3Malloc",
        "g_malloc0", "ztrymalloc_usable_internal", "CRYPTO_strdup", "alloc::vec::from_elem",
        "<alloc::string::String as core::clone::Clone>::clone"}) {
    EXPECT_TRUE(is_noise(frame(name))) << name;
  }
  for (const char* const name :
       {"main", "load(std::string const&)", "Table* load<std::string>(int)", "test_malloc_stress",
        "app::malloc_test", "(anonymous namespace)::read()", "operatornew", ""}) {
    EXPECT_FALSE(is_noise(frame(name))) << name;
  }
  EXPECT_TRUE(is_noise(frame("", "/lib/x86_64-linux-gnu/libc.so.6")));
  EXPECT_TRUE(is_noise(frame("fopen", "/lib/x86_64-linux-gnu/libc.so.6")));
  EXPECT_FALSE(is_noise(frame("parse", "/usr/lib/libclang.so.14")));
  EXPECT_TRUE(is_noise(frame("helper", "/srv/app", "/usr/include/c++/12/bits/stl_vector.h")));
  EXPECT_TRUE(is_noise(frame("helper", "/srv/app", "/rustc/abc/library/alloc/src/vec/mod.rs")));
}

TEST(ProgramStart, StacksEndAtMainOrTheFunctionOfTheThread) {
  using Names = std::vector<std::string>;
  const char* const libc = "/lib/libc.so.6";
  EXPECT_EQ(without_start({frame("load"), frame("main"), frame("__libc_start_call_main", libc),
                           frame("__libc_start_main_impl", libc), frame("_start")}),
            (Names{"load", "main"}));
  EXPECT_EQ(without_start({frame("work"), frame("std::__invoke<work>(int)"),
                           frame("std::thread::_State_impl<work>::_M_run()"),
                           frame("", "/lib/libstdc++.so.6"), frame("start_thread", libc),
                           frame("clone3", libc)}),
            Names{"work"});
  EXPECT_EQ(without_start({frame("app::main"), frame("core::ops::function::FnOnce::call_once"),
                           frame("std::rt::lang_start<()>"), frame("main"), frame("_start")}),
            Names{"app::main"});
  // A function that main calls through the library keeps its main.
  EXPECT_EQ(without_start(
                {frame("work"), frame("std::__invoke<work>(int)"), frame("main"), frame("_start")}),
            (Names{"work", "std::__invoke<work>(int)", "main"}));
}

TEST(ProgramStart, AStrippedMainGetsItsNameAndAStackWithoutOneStaysWhole) {
  using Names = std::vector<std::string>;
  const char* const libc = "/lib/libc.so.6";
  EXPECT_EQ(without_start({frame(""), frame(""), frame("__libc_start_call_main", libc),
                           frame("__libc_start_main_impl", libc), frame("")}),
            (Names{"app+0x0", "main"}));
  EXPECT_EQ(without_start({frame("Global::Global()"), frame("call_init", "/lib/ld-linux.so.2"),
                           frame("_dl_init", "/lib/ld-linux.so.2")}),
            (Names{"Global::Global()", "call_init", "_dl_init"}));
  EXPECT_EQ(without_start({frame("_start")}), Names{"_start"});
  EXPECT_TRUE(without_start({}).empty());
}

TEST(Upkeep, IsWhatRuntimeLibrariesKeepAndNotWhatTheProgramDoesWithin) {
  testing::SessionBuilder builder;
  const auto app = builder.module("/srv/app");
  const auto libc = builder.module("/lib/libc.so.6");
  const auto loader = builder.module("/lib/ld-linux-x86-64.so.2");
  const auto main_at = builder.address(app, 1, {{"main", "", 0, false}});
  const auto printf_at = builder.address(libc, 2, {{"printf", "", 0, false}});
  const auto buffer = builder.address(libc, 3, {{"_IO_file_doallocate", "", 0, false}});
  const auto init = builder.address(loader, 4, {{"call_init", "", 0, false}});
  const auto global = builder.address(app, 5, {{"Global::Global()", "", 0, false}});
  const auto strdup_at = builder.address(libc, 6, {{"strdup", "", 0, false}});
  const auto stdio = builder.stack({main_at, printf_at, buffer});
  const auto constructor = builder.stack({init, global});
  const auto copy = builder.stack({main_at, strdup_at});
  EXPECT_TRUE(is_upkeep(builder.session(), stdio));
  EXPECT_FALSE(is_upkeep(builder.session(), constructor));
  EXPECT_FALSE(is_upkeep(builder.session(), copy));
  EXPECT_FALSE(is_upkeep(builder.session(), model::kNone));
}

TEST(StackText, ModulesWithoutNamesOrLinesAreGaps) {
  const model::Session session = testing::server_session();
  const std::vector<model::StackId> stacks = {session.processes[0].sites[0].stack,
                                              session.processes[0].sites[2].stack};
  const std::vector<ModuleGap> gaps = find_gaps(session, stacks);
  // Not libc, whose frames tell a reader nothing, and not the server, which has lines.
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].path, "/usr/lib/libfoo.so.1");
  EXPECT_EQ(gaps[0].unnamed, 1U);
}

}  // namespace
}  // namespace memwatch::analysis
