#include <elf.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/run_cli.h"
#include "tools/cli/doctor_machine.h"
#include "tools/cli/doctor_target.h"

namespace memwatch::cli {
namespace {

using render::Verdict;

procfs::ProgramKind ordinary_program() {
  procfs::ProgramKind kind;
  kind.may_execute = true;
  kind.program = "/usr/bin/app";
  kind.format = procfs::ProgramFormat::elf;
  kind.elf.is_native = true;
  kind.elf.is_executable = true;
  kind.elf.machine = EM_X86_64;
  kind.elf.has_debug_info = true;
  return kind;
}

// The verdict of the check with this name; good if it was not made.
Verdict verdict(const std::vector<render::Check>& checks, const std::string& what) {
  for (const render::Check& check : checks) {
    if (check.what == what) return check.verdict;
  }
  return Verdict::good;
}

TEST(Doctor, AnOrdinaryProgramWillWork) {
  const auto checks = judge_program(ordinary_program(), {});
  for (const render::Check& check : checks) EXPECT_EQ(check.verdict, Verdict::good) << check.what;
}

TEST(Doctor, StaticForeignSetuidAndUnexecutableProgramsWillNot) {
  procfs::ProgramKind kind = ordinary_program();
  kind.elf.is_static = true;
  EXPECT_EQ(verdict(judge_program(kind, {}), "linking"), Verdict::bad);
  kind = ordinary_program();
  kind.elf.is_native = false;
  kind.elf.machine = EM_AARCH64;
  EXPECT_EQ(verdict(judge_program(kind, {}), "architecture"), Verdict::bad);
  kind = ordinary_program();
  kind.is_setuid = kind.gains_privileges = true;
  EXPECT_EQ(verdict(judge_program(kind, {}), "privileges"), Verdict::bad);
  kind.gains_privileges = false;
  EXPECT_EQ(verdict(judge_program(kind, {}), "privileges"), Verdict::good);
  kind = ordinary_program();
  kind.may_execute = false;
  EXPECT_EQ(verdict(judge_program(kind, {}), "executable"), Verdict::bad);
  kind = ordinary_program();
  kind.format = procfs::ProgramFormat::other;
  EXPECT_EQ(verdict(judge_program(kind, {}), "format"), Verdict::bad);
}

TEST(Doctor, LimitsAreToldButDoNotFail) {
  procfs::ProgramKind kind = ordinary_program();
  kind.elf.has_debug_info = false;
  kind.elf.is_go = true;
  procfs::OwnAllocator allocator;
  allocator.defined[0] = allocator.defined[1] = true;
  const auto checks = judge_program(kind, allocator);
  EXPECT_EQ(verdict(checks, "debug info"), Verdict::limit);
  EXPECT_EQ(verdict(checks, "linking"), Verdict::limit);
  EXPECT_EQ(verdict(checks, "allocator"), Verdict::limit);
  EXPECT_TRUE(render::will_work(checks));
}

TEST(Doctor, AProgramThatIsNotThereFailsWithTheReason) {
  const auto checks = check_target("/no/such/program");
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0].verdict, Verdict::bad);
  EXPECT_EQ(testing::run_cli({"doctor", "--", "/no/such/program", "--help"}).status, 1);
}

TEST(Doctor, SharedMemoryMustHoldTheRings) {
  constexpr std::uint64_t kMiB = 1 << 20;
  EXPECT_EQ(judge_shared_memory(0, 0, false).verdict, Verdict::bad);
  EXPECT_EQ(judge_shared_memory(4 * kMiB, 64 * kMiB, true).verdict, Verdict::bad);
  EXPECT_EQ(judge_shared_memory(60 * kMiB, 64 * kMiB, true).verdict, Verdict::limit);
  EXPECT_EQ(judge_shared_memory(999 * kMiB, 999 * kMiB, false).verdict, Verdict::bad);
  EXPECT_EQ(judge_shared_memory(999 * kMiB, 999 * kMiB, true).verdict, Verdict::good);
}

TEST(Doctor, ANearlyFullCgroupIsToldOf) {
  EXPECT_EQ(judge_cgroup(0, 0).verdict, Verdict::good);
  EXPECT_EQ(judge_cgroup(1000, 1 << 30).verdict, Verdict::good);
  EXPECT_EQ(judge_cgroup((1 << 30) - 4096, 1 << 30).verdict, Verdict::limit);
}

TEST(Doctor, ListsChecksWithTheirRemedies) {
  const std::string text = render::render_checks(
      "This machine", {{Verdict::good, "a", "fine", ""}, {Verdict::bad, "b\x1b", "broken", "mend"}},
      {});
  EXPECT_EQ(text,
            "This machine\n  ok    a   fine\n  FAIL  b\xEF\xBF\xBD  broken\n            → mend\n");
}

}  // namespace
}  // namespace memwatch::cli
