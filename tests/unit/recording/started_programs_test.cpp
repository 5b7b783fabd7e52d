#include "collector/recording/started_programs.h"

#include <gtest/gtest.h>

namespace memwatch::recording {
namespace {

using Counts = std::map<std::size_t, StartedPrograms::Unrecorded>;

TEST(StartedPrograms, CountsThoseThatNeverIntroduceThemselves) {
  StartedPrograms programs;
  programs.begun(11, 0);
  programs.begun(12, 3);
  programs.begun(13, 3);
  EXPECT_EQ(programs.take_unrecorded(), (Counts{{0, {1, 0}}, {3, {2, 0}}}));
  EXPECT_EQ(programs.take_unrecorded(), Counts{});
}

TEST(StartedPrograms, TakesBothNewsInEitherOrder) {
  StartedPrograms programs;
  programs.begun(11, 0);
  programs.introduced(11);
  programs.introduced(12);
  programs.begun(12, 0);
  EXPECT_EQ(programs.take_unrecorded(), Counts{});
}

TEST(StartedPrograms, ForgetsAnExecThatFailed) {
  StartedPrograms programs;
  programs.begun(11, 0);
  programs.failed(11);
  EXPECT_EQ(programs.take_unrecorded(), Counts{});
}

// A shell that looks for a program in PATH: two that are not there, and the third.
TEST(StartedPrograms, KnowsAProgramThatWasFoundAtLastAndIntroducedItselfBeforeThatWasRead) {
  StartedPrograms programs;
  programs.introduced(11);
  for (int directory = 0; directory < 2; ++directory) {
    programs.begun(11, 0);
    programs.failed(11);
  }
  programs.begun(11, 0);
  EXPECT_EQ(programs.take_unrecorded(), Counts{});
}

TEST(StartedPrograms, TellsChildrenApartThatHadTheSamePidInTurn) {
  StartedPrograms programs;
  programs.begun(11, 0);
  programs.begun(11, 1);
  programs.introduced(11);
  EXPECT_EQ(programs.take_unrecorded(), (Counts{{0, {1, 0}}}));
}

TEST(StartedPrograms, CountsThoseThatWaitedInVainInEitherOrder) {
  StartedPrograms programs;
  programs.begun(11, 0);
  programs.gone_unanswered(11);
  programs.gone_unanswered(12);
  programs.begun(12, 3);
  programs.failed(12);  // a directory of PATH, and the next
  programs.begun(12, 3);
  EXPECT_EQ(programs.take_unrecorded(), (Counts{{0, {0, 1}}, {3, {0, 1}}}));
  EXPECT_EQ(programs.take_unrecorded(), Counts{});
}

TEST(StartedPrograms, CountsMoreThanItRemembers) {
  StartedPrograms programs;
  constexpr std::uint64_t kMany = 200'000;
  for (std::uint64_t pid = 1; pid <= kMany; ++pid) programs.begun(static_cast<pid_t>(pid), 0);
  EXPECT_EQ(programs.take_unrecorded(), (Counts{{0, {kMany, 0}}}));
}

}  // namespace
}  // namespace memwatch::recording
