#include "collector/procfs/process_identity.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "collector/procfs/process_list.h"
#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

TEST(ProcessIdentity, OfThisProcess) {
  const std::optional<Executable> executable = process_executable(::getpid());
  ASSERT_TRUE(executable);
  EXPECT_FALSE(executable->deleted);
  EXPECT_EQ(executable->path, std::filesystem::read_symlink("/proc/self/exe").string());
  ASSERT_FALSE(process_command(::getpid()).empty());
  EXPECT_EQ(process_owner(::getpid())->real, ::getuid());
  EXPECT_EQ(process_owner(::getpid())->effective, ::geteuid());
  EXPECT_GT(process_start_ticks(::getpid()).value_or(0), 0U);
  EXPECT_FALSE(zombie_wait_status(::getpid()));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &limit), 0);
  EXPECT_EQ(address_space_limit(::getpid()), limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur);
}

TEST(ProcessIdentity, AnAgeCountsFromTheStart) {
  EXPECT_GT(age_ms(process_start_ticks(1).value()),
            age_ms(process_start_ticks(::getpid()).value()));
  EXPECT_EQ(age_ms(~std::uint64_t{0} / 1000), 0U);  // later than now
}

TEST(ProcessIdentity, AThreadsNameMayHoldAnything) {
  char old_name[16] = {};
  ASSERT_EQ(::pthread_getname_np(::pthread_self(), old_name, sizeof(old_name)), 0);
  ASSERT_EQ(::pthread_setname_np(::pthread_self(), "a) b (\tc"), 0);
  EXPECT_EQ(thread_name(::getpid(), ::gettid()), "a) b (\tc");
  EXPECT_TRUE(process_start_ticks(::getpid()));
  ::pthread_setname_np(::pthread_self(), old_name);
  EXPECT_EQ(thread_name(::getpid(), 1 << 30), "");
}

TEST(ProcessIdentity, AReplacedProgramIsMarkedDeleted) {
  EXPECT_EQ(parse_executable("/usr/bin/x (deleted)").path, "/usr/bin/x");
  EXPECT_TRUE(parse_executable("/usr/bin/x (deleted)").deleted);
  EXPECT_FALSE(parse_executable("/usr/bin/x").deleted);
}

TEST(ProcessIdentity, CommandsKeepEmptyArguments) {
  using namespace std::string_view_literals;
  EXPECT_EQ(parse_command("a\0\0b c\0"sv), (std::vector<std::string>{"a", "", "b c"}));
  EXPECT_EQ(parse_command("rewritten title"sv), (std::vector<std::string>{"rewritten title"}));
  EXPECT_EQ(parse_command("grep\0\0"sv), (std::vector<std::string>{"grep", ""}));
  EXPECT_TRUE(parse_command({}).empty());
}

TEST(ProcessIdentity, WhatATitleLeavesBehindIsNoArgument) {
  using namespace std::string_view_literals;
  EXPECT_EQ(parse_command("redis-server *:6379\0\0"sv),
            (std::vector<std::string>{"redis-server *:6379"}));
  EXPECT_EQ(parse_command("worker\0\0\0\0"sv), (std::vector<std::string>{"worker"}));
  EXPECT_EQ(parse_command("my program\0\0x\0"sv),
            (std::vector<std::string>{"my program", "", "x"}));
  EXPECT_TRUE(parse_command("\0\0\0"sv).empty());
}

TEST(ProcessIdentity, LimitsAndOwnersFromText) {
  const std::string_view limits =
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max locked memory         8388608              8388608              bytes     \n"
      "Max address space         1073741824           unlimited            bytes     \n";
  EXPECT_EQ(parse_address_space_limit(limits), 1'073'741'824U);
  EXPECT_EQ(parse_address_space_limit("Max address space  unlimited unlimited bytes\n"), 0U);
  EXPECT_FALSE(parse_address_space_limit("Max address space"));
  EXPECT_EQ(parse_owner("Name:\tx\nUid:\t1000\t0\t0\t0\n")->real, 1000U);
  EXPECT_EQ(parse_owner("Name:\tx\nUid:\t1000\t0\t0\t0\n")->effective, 0U);
  EXPECT_FALSE(parse_owner("Uid:\t1000\n"));
}

TEST(ProcessIdentity, AZombieTellsItsWaitStatus) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(3);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const std::optional<int> status = zombie_wait_status(child);
  ASSERT_TRUE(status);
  // A sandbox's kernel may not fill in the field.
  EXPECT_TRUE(*status == 3 << 8 || *status == 0) << *status;
  EXPECT_TRUE(process_command(child).empty());
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(zombie_wait_status(child));
  EXPECT_FALSE(process_executable(child));
  EXPECT_FALSE(process_owner(child));
}

TEST(ProcessList, HoldsThisProcessAndItsThreads) {
  const std::vector<pid_t> pids = processes_of_user(::geteuid());
  EXPECT_TRUE(std::binary_search(pids.begin(), pids.end(), ::getpid()));
  const std::vector<pid_t> threads = threads_of_process(::getpid());
  EXPECT_TRUE(std::binary_search(threads.begin(), threads.end(), ::gettid()));
}

TEST(ProcessList, OnlyNumbersAreProcesses) {
  const procfs_testing::FakeFiles files;
  for (const char* name : {"/12", "/7", "/self", "/0", "/99999999999", "/1x"}) {
    files.add_directory(name);
  }
  EXPECT_EQ(processes_of_user(::geteuid(), files.root()), (std::vector<pid_t>{7, 12}));
  EXPECT_TRUE(processes_of_user(::geteuid(), "/nowhere").empty());
}

}  // namespace
}  // namespace memwatch::procfs
