#include "collector/intake/begun_programs.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace memwatch::intake {
namespace {

using protocol::program_entry;
using protocol::SegmentHeader;

using Told = std::vector<std::pair<std::uint32_t, bool>>;

class BegunProgramsTest : public testing::Test {
 protected:
  // As the target does it.
  void begin(std::uint32_t pid, bool has_failed = false) {
    const std::uint32_t number = header_->programs_begun.fetch_add(1);
    header_->programs[number % protocol::kProgramEntries].store(
        program_entry(number, pid, has_failed));
  }
  Told look(BegunPrograms& programs) {
    Told told;
    programs.look(*header_,
                  [&](std::uint32_t pid, bool failed) { told.emplace_back(pid, failed); });
    return told;
  }

  std::unique_ptr<SegmentHeader> header_ = std::make_unique<SegmentHeader>();
};

TEST_F(BegunProgramsTest, TellsEachOnceInItsOrder) {
  BegunPrograms programs(*header_);
  begin(7);
  begin(4194303, true);
  EXPECT_EQ(look(programs), (Told{{7, false}, {4194303, true}}));
  EXPECT_EQ(look(programs), Told{});
  begin(8);
  EXPECT_EQ(look(programs), (Told{{8, false}}));
}

TEST_F(BegunProgramsTest, PassesOverWhatWasToldBeforeIt) {
  begin(7);
  BegunPrograms programs(*header_);
  begin(8);
  EXPECT_EQ(look(programs), (Told{{8, false}}));
}

TEST_F(BegunProgramsTest, WaitsForAnEntryThatIsNotWritten) {
  BegunPrograms programs(*header_);
  header_->programs_begun.store(2);
  header_->programs[1].store(program_entry(1, 8, false));
  EXPECT_EQ(look(programs), Told{});
  header_->programs[0].store(program_entry(0, 7, false));
  EXPECT_EQ(look(programs), (Told{{7, false}, {8, false}}));
}

TEST_F(BegunProgramsTest, TellsTheLastWhereThereWereTooMany) {
  BegunPrograms programs(*header_);
  for (std::uint32_t pid = 1; pid <= 100; ++pid) begin(pid);
  const Told told = look(programs);
  ASSERT_EQ(told.size(), protocol::kProgramEntries);
  EXPECT_EQ(told.front().first, 100 - protocol::kProgramEntries + 1);
  EXPECT_EQ(told.back().first, 100U);
}

TEST_F(BegunProgramsTest, CountsOnWhereItsNumbersBeginAnew) {
  header_->programs_begun.store(0xffffffff);
  BegunPrograms programs(*header_);
  begin(7);
  begin(8);
  EXPECT_EQ(look(programs), (Told{{7, false}, {8, false}}));
}

TEST_F(BegunProgramsTest, IsNotLedAstrayByNumbersThatLie) {
  BegunPrograms programs(*header_);
  for (auto& entry : header_->programs) entry.store(~0ULL);
  for (const std::uint32_t number : {1'000'000U, 5U, 0xffffffffU, 0U}) {
    header_->programs_begun.store(number);
    EXPECT_EQ(look(programs), Told{}) << number;
  }
}

}  // namespace
}  // namespace memwatch::intake
