#include "collector/procfs/cgroup_readings.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

using namespace std::chrono_literals;

class Readings : public testing::Test {
 protected:
  // Makes it, or lets it use another number of bytes.
  CgroupLocation group(const std::string& name, const char* usage) const {
    files_.add("/" + name + "/memory.current", usage);
    return {CgroupVersion::v2, files_.root(), files_.root() + "/" + name};
  }

  procfs_testing::FakeFiles files_;
  CgroupReadings::Clock::time_point now_ = CgroupReadings::Clock::now();
};

TEST_F(Readings, AGroupIsReadOnceForAllItsProcessesAndAnotherByItself) {
  CgroupReadings readings(100ms);
  const CgroupLocation one = group("one", "10\n"), other = group("other", "20\n");
  EXPECT_EQ(readings.read(one, now_).memory->usage, 10U);
  group("one", "11\n");
  EXPECT_EQ(readings.read(one, now_ + 99ms).memory->usage, 10U);
  EXPECT_EQ(readings.read(other, now_ + 99ms).memory->usage, 20U);
  EXPECT_EQ(readings.read(one, now_ + 100ms).memory->usage, 11U);
}

TEST_F(Readings, WithoutAnAgeEachQuestionIsAReading) {
  CgroupReadings readings(0ms);
  const CgroupLocation one = group("one", "10\n");
  EXPECT_EQ(readings.read(one, now_).memory->usage, 10U);
  group("one", "11\n");
  EXPECT_EQ(readings.read(one, now_).memory->usage, 11U);
}

TEST_F(Readings, AGroupThatHasGoneIsToldAndForgotten) {
  CgroupReadings readings(100ms);
  const CgroupLocation one = group("one", "10\n"), other = group("other", "20\n");
  readings.read(one, now_);
  std::filesystem::remove_all(one.directory);
  EXPECT_FALSE(readings.read(one, now_ + 1s).memory);
  EXPECT_EQ(readings.remembered(), 1U);
  readings.read(other, now_ + 2 * CgroupReadings::kForgottenAfter);
  EXPECT_EQ(readings.remembered(), 1U);
}

}  // namespace
}  // namespace memwatch::procfs
