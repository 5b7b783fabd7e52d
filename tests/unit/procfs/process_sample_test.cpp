#include "collector/procfs/process_sample.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>
#include <vector>

#include "collector/procfs/pressure.h"
#include "collector/procfs/smaps_rollup.h"
#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

constexpr std::string_view kStat =
    "4321 (a) R (b)) S 17 4321 2949 34816 4321 4194304 102 7 33 8 1 2 0 0 20 0 3 0 136073 3133440 "
    "386 18446744073709551615 1 2 3 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 5 6 7 8 9 10 11 256\n";

TEST(StatLine, ANameWithBlanksAndParenthesesIsTakenWhole) {
  const std::optional<StatLine> line = parse_stat(kStat);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->pid, 4321);
  EXPECT_EQ(line->comm, "a) R (b)");
  EXPECT_EQ(line->state, 'S');
  EXPECT_EQ(line->ppid, 17);
  EXPECT_EQ(line->minor_faults, 102U);
  EXPECT_EQ(line->major_faults, 33U);
  EXPECT_EQ(line->cpu_ticks, 3U);
  EXPECT_EQ(line->start_ticks, 136073U);
  EXPECT_EQ(line->exit_status, 256);
}

TEST(StatLine, NegativeFieldsOfAProcessWithoutATerminalAreFine) {
  const std::optional<StatLine> line =
      parse_stat("1 (x) S 0 1 1 0 -1 4194304 1 0 2 0 0 0 0 0 20 -5 1 0 77 0 0\n");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->start_ticks, 77U);
}

TEST(StatLine, ATextThatIsCutOrForeignIsNoLine) {
  for (std::size_t length = 0; length < kStat.find("136073"); ++length) {
    EXPECT_FALSE(parse_stat(kStat.substr(0, length))) << length;
  }
  for (const char* text : {"", "()", "x (y) S", "1 )x( S", "1 (x) S a b c d e f g h i j k l m n"}) {
    EXPECT_FALSE(parse_stat(text)) << text;
  }
}

TEST(ProcessSample, StatmPagesBecomeBytes) {
  const std::optional<Statm> statm = parse_statm("765 430 402 5 0 123 0\n", 4096);
  ASSERT_TRUE(statm);
  EXPECT_EQ(statm->vms, 765U * 4096);
  EXPECT_EQ(statm->rss, 430U * 4096);
  EXPECT_EQ(statm->shared, 402U * 4096);
  EXPECT_EQ(statm->data, 123U * 4096);
  EXPECT_FALSE(parse_statm("765 430", 4096));
  EXPECT_FALSE(parse_statm("a b c d e f g", 4096));
}

TEST(ProcessSample, StatusFieldsThatAreMissingStayZero) {
  ProcessSample sample;
  parse_status("Name:\tVmStk: 9 kB\nThreads:\t3\nVmStk:\t     132 kB\nVmSwap:\t 8 kB\n", sample);
  EXPECT_EQ(sample.stack, 132U * 1024);
  EXPECT_EQ(sample.swap, 8U * 1024);
  EXPECT_EQ(sample.threads, 3U);
  EXPECT_EQ(sample.rss_peak, 0U);
}

TEST(ProcessSample, OfThisProcessIsPlausible) {
  const std::optional<ProcessSample> before = sample_process(::getpid());
  ASSERT_TRUE(before);
  EXPECT_GT(before->rss, 100'000U);
  EXPECT_GE(before->vms, before->rss);
  EXPECT_GE(before->threads, 1U);
  EXPECT_GT(before->stack, 0U);
  EXPECT_EQ(before->stat.pid, ::getpid());
  EXPECT_EQ(before->stat.ppid, ::getppid());
  const std::vector<char> block(std::size_t{64} << 20, 'x');
  const std::optional<ProcessSample> after = sample_process(::getpid());
  ASSERT_TRUE(after);
  EXPECT_GT(after->rss, before->rss + (std::uint64_t{60} << 20)) << block.back();
  EXPECT_GE(after->minor_faults, before->minor_faults);
}

TEST(ProcessSample, OfAZombieIsEmptyOfMemoryAndOfAVanishedProcessNothing) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const std::optional<ProcessSample> zombie = sample_process(child);
  ASSERT_TRUE(zombie);
  EXPECT_EQ(zombie->stat.state, 'Z');
  EXPECT_EQ(zombie->rss, 0U);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(sample_process(child));
  EXPECT_FALSE(sample_smaps_rollup(child));
}

TEST(ProcessSample, FromRecordedFiles) {
  const procfs_testing::FakeFiles files;
  files.add("/77/stat", kStat);
  files.add("/77/statm", "10 5 2 1 0 3 0\n");
  EXPECT_FALSE(sample_process(77, files.root())) << "status vanished in between";
  files.add("/77/status", "VmHWM:\t 100 kB\n");
  const std::optional<ProcessSample> sample = sample_process(77, files.root());
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->rss_peak, 102'400U);
  EXPECT_EQ(sample->rss, 5U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

std::array<std::uint64_t, 4> status_of(const ProcessSample& sample) {
  return {sample.stack, sample.swap, sample.rss_peak, sample.threads};
}

TEST(ProcessSample, StatusIsReadAgainWhenTheOtherTwoSaySomethingElse) {
  const procfs_testing::FakeFiles files;
  files.add("/77/stat", kStat);
  files.add("/77/statm", "10 5 2 1 0 3 0\n");
  files.add("/77/status", "VmStk:\t 1 kB\nVmSwap:\t 2 kB\nVmHWM:\t 100 kB\nThreads:\t3\n");
  EarlierSample earlier;
  const auto first = sample_process_again(77, earlier, files.root());
  ASSERT_TRUE(first);
  files.add("/77/status", "VmStk:\t 4 kB\nVmSwap:\t 5 kB\nVmHWM:\t 600 kB\nThreads:\t7\n");
  const auto unchanged = sample_process_again(77, earlier, files.root());
  ASSERT_TRUE(unchanged);
  EXPECT_EQ(status_of(*unchanged), (std::array<std::uint64_t, 4>{1024, 2048, 102'400, 3}));
  EXPECT_EQ(unchanged->rss, first->rss);
  EXPECT_EQ(unchanged->minor_faults, 102U);
  files.add("/77/statm", "10 6 2 1 0 3 0\n");
  const auto changed = sample_process_again(77, earlier, files.root());
  ASSERT_TRUE(changed);
  EXPECT_EQ(status_of(*changed), (std::array<std::uint64_t, 4>{4096, 5120, 614'400, 7}));
}

TEST(ProcessSample, APeakThatCameAndWentIsToldWhenAnythingElseChanges) {
  EarlierSample earlier;
  const auto before = sample_process_again(::getpid(), earlier);
  ASSERT_TRUE(before);
  { const std::vector<char> block(std::size_t{64} << 20, 'x'); }
  const auto after = sample_process_again(::getpid(), earlier);
  ASSERT_TRUE(after);
  EXPECT_GT(after->rss_peak, before->rss + (std::uint64_t{60} << 20));
}

TEST(SmapsRollup, EveryLineInBytes) {
  const std::optional<SmapsRollup> rollup = parse_smaps_rollup(
      "561059f20000-7fffd12de000 ---p 00000000 00:00 0                          [rollup]\n"
      "Rss:                1696 kB\nPss:                 398 kB\nPss_Anon:            112 kB\n"
      "Pss_File:            286 kB\nShared_Clean:       1504 kB\nPrivate_Dirty:       112 kB\n"
      "AnonHugePages:      2048 kB\nSwap:                  4 kB\nSwapPss:               2 kB\n");
  ASSERT_TRUE(rollup);
  EXPECT_EQ(rollup->rss, 1696U * 1024);
  EXPECT_EQ(rollup->pss, 398U * 1024);
  EXPECT_EQ(rollup->pss_anonymous, 112U * 1024);
  EXPECT_EQ(rollup->pss_file, 286U * 1024);
  EXPECT_EQ(rollup->shared_clean, 1504U * 1024);
  EXPECT_EQ(rollup->private_dirty, 112U * 1024);
  EXPECT_EQ(rollup->anonymous_huge, 2048U * 1024);
  EXPECT_EQ(rollup->swap, 4096U);
  EXPECT_EQ(rollup->swap_pss, 2048U);
  EXPECT_FALSE(parse_smaps_rollup("Rss: 1 kB\n"));
}

TEST(Pressure, BothLinesAreRead) {
  const std::optional<Pressure> pressure = parse_pressure(
      "some avg10=1.50 avg60=0.25 avg300=0.05 total=123456\n"
      "full avg10=0.75 avg60=0.10 avg300=0.01 total=789\n");
  ASSERT_TRUE(pressure);
  EXPECT_DOUBLE_EQ(pressure->some_avg10, 1.5);
  EXPECT_DOUBLE_EQ(pressure->full_avg10, 0.75);
  EXPECT_DOUBLE_EQ(pressure->full_avg300, 0.01);
  EXPECT_EQ(pressure->some_total_us, 123456U);
  EXPECT_EQ(pressure->full_total_us, 789U);
  EXPECT_FALSE(parse_pressure(""));
  EXPECT_DOUBLE_EQ(parse_pressure("some avg10=nan avg60 =1 total=-5\n")->some_avg10, 0);
}

TEST(ProcessSample, RandomTextsNeverCrashAParser) {
  std::mt19937 random(1);
  const std::string alphabet = "0123456789 ():\n\t-kBRssPsomeavg10=.VmStk/\\";
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 200, ' ');
    for (char& c : text) {
      c = random() % 20 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
    }
    ProcessSample sample;
    parse_status(text, sample);
    (void)parse_stat(text);
    (void)parse_statm(text, 4096);
    (void)parse_smaps_rollup(text);
    (void)parse_pressure(text);
  }
}

}  // namespace
}  // namespace memwatch::procfs
