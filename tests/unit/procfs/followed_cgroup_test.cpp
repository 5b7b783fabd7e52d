#include "collector/procfs/followed_cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "collector/procfs/cgroup.h"
#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

class Followed : public testing::Test {
 protected:
  Followed() {
    files_.add("/self/mountinfo", "31 23 0:27 / " + files_.root() +
                                      "/sys rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
    files_.add("/9/cgroup", "0::/session\n");
    files_.add("/sys/session/memory.max", "1000\n");
    files_.add("/sys/limited/memory.max", "500\n");
  }
  void move_to(const std::string& group) const { files_.add("/9/cgroup", "0::/" + group + "\n"); }
  [[nodiscard]] std::uint64_t limit_of(const FollowedCgroup& cgroup) const {
    const auto memory = read_cgroup_memory(*cgroup.location());
    return memory ? memory->limit : 0;
  }

  procfs_testing::FakeFiles files_;
};

TEST_F(Followed, AProcessThatIsMovedIsFoundInItsNewGroup) {
  FollowedCgroup cgroup(9, files_.root());
  EXPECT_EQ(limit_of(cgroup), 1000U);
  EXPECT_FALSE(cgroup.follow(100, false));
  move_to("limited");
  EXPECT_FALSE(cgroup.follow(100 + FollowedCgroup::kBetweenLooks - 0.1, false)) << "seldom";
  EXPECT_EQ(limit_of(cgroup), 1000U);
  EXPECT_TRUE(cgroup.follow(100 + FollowedCgroup::kBetweenLooks, false));
  EXPECT_EQ(limit_of(cgroup), 500U);
  EXPECT_FALSE(cgroup.follow(100 + 2 * FollowedCgroup::kBetweenLooks, false)) << "told once";
}

TEST_F(Followed, AGroupThatHasVanishedIsNoticedWithinASecond) {
  FollowedCgroup cgroup(9, files_.root());
  cgroup.follow(0, false);
  move_to("limited");
  std::filesystem::remove_all(files_.root() + "/sys/session");
  EXPECT_FALSE(cgroup.follow(0.5, true));
  EXPECT_TRUE(cgroup.follow(FollowedCgroup::kAtLeastBetween, true));
  EXPECT_EQ(limit_of(cgroup), 500U);
}

TEST_F(Followed, OneThatHasEndedStaysWhereItWas) {
  FollowedCgroup cgroup(9, files_.root());
  cgroup.follow(0, false);
  std::filesystem::remove_all(files_.root() + "/9");
  EXPECT_FALSE(cgroup.follow(1000, false));
  EXPECT_EQ(limit_of(cgroup), 1000U);
}

TEST_F(Followed, OneThatLeavesWhatCanBeSeenIsNowhereUntilItIsBack) {
  FollowedCgroup cgroup(9, files_.root());
  cgroup.follow(0, false);
  move_to("../other");
  EXPECT_TRUE(cgroup.follow(100, false));
  EXPECT_FALSE(cgroup.location());
  move_to("limited");
  EXPECT_TRUE(cgroup.follow(200, false));
  EXPECT_EQ(limit_of(cgroup), 500U);
}

TEST(FollowedCgroup, OfNoProcessIsNowhere) {
  FollowedCgroup cgroup;
  EXPECT_FALSE(cgroup.follow(0, false));
  EXPECT_FALSE(cgroup.follow(1000, false));
  EXPECT_FALSE(cgroup.location());
}

}  // namespace
}  // namespace memwatch::procfs
