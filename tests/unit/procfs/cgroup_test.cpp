#include "collector/procfs/cgroup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

using procfs_testing::FakeFiles;

// As recorded on machines of each kind; MOUNT stands for the test's directory.
std::string mountinfo(const FakeFiles& files, std::string text) {
  for (std::size_t at = text.find("MOUNT"); at != std::string::npos; at = text.find("MOUNT")) {
    text.replace(at, 5, files.root());
  }
  return text;
}

constexpr const char* kUnifiedMounts =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "31 23 0:27 / MOUNT/sys rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kV1Mounts =
    "32 31 0:29 / MOUNT/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/abc MOUNT/memory ro shared:3 master:4 - cgroup cgroup rw,memory\n"
    "40 31 0:37 / MOUNT/systemd rw - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / MOUNT/unified rw - cgroup2 cgroup2 rw\n";

TEST(Cgroup, UnifiedNestedGroupsTakeTheSmallestLimit) {
  const FakeFiles files;
  files.add("/9/cgroup", "0::/user.slice/app.scope/inner\n");
  files.add("/self/mountinfo", mountinfo(files, kUnifiedMounts));
  files.add("/sys/user.slice/memory.max", "1000000\n");
  files.add("/sys/user.slice/app.scope/memory.max", "max\n");
  files.add("/sys/user.slice/app.scope/inner/memory.max", "5000000\n");
  files.add("/sys/user.slice/app.scope/inner/memory.current", "4242\n");
  files.add("/sys/user.slice/app.scope/inner/memory.events", "low 0\nhigh 0\noom 3\noom_kill 2\n");
  files.add("/sys/user.slice/app.scope/inner/memory.pressure",
            "some avg10=7.00 avg60=0.00 avg300=0.00 total=0\n");
  const std::optional<CgroupLocation> location = locate_cgroup(9, files.root());
  ASSERT_TRUE(location);
  EXPECT_EQ(location->version, CgroupVersion::v2);
  EXPECT_EQ(location->directory, files.root() + "/sys/user.slice/app.scope/inner");
  const std::optional<CgroupMemory> memory = read_cgroup_memory(*location);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->usage, 4242U);
  EXPECT_EQ(memory->limit, 1'000'000U);
  EXPECT_EQ(memory->out_of_memory_kills, 2U);
  EXPECT_DOUBLE_EQ(read_cgroup_pressure(*location)->some_avg10, 7.0);
}

TEST(Cgroup, RoomIsWhatTheFullestOfAllAncestorsHas) {
  const FakeFiles files;
  files.add("/9/cgroup", "0::/outer/inner\n");
  files.add("/self/mountinfo", mountinfo(files, kUnifiedMounts));
  files.add("/sys/outer/inner/memory.max", "max\n");
  files.add("/sys/outer/inner/memory.current", "5000\n");
  const std::optional<CgroupLocation> location = locate_cgroup(9, files.root());
  ASSERT_TRUE(location);
  EXPECT_FALSE(cgroup_room(*location)) << "no limit";
  files.add("/sys/outer/memory.max", "10000\n");
  files.add("/sys/outer/memory.current", "9000\n");
  EXPECT_EQ(cgroup_room(*location), 1000U);
  files.add("/sys/outer/memory.stat", "anon 7000\ninactive_file 1500\nactive_file 500\n");
  EXPECT_EQ(cgroup_room(*location), 2500U) << "what was read once can go";
  files.add("/sys/outer/inner/memory.max", "4000\n");
  EXPECT_EQ(cgroup_room(*location), 0U) << "a limit that was lowered";
}

TEST(Cgroup, V1InAContainerStripsTheMountedRoot) {
  const FakeFiles files;
  files.add("/9/cgroup",
            "11:name=systemd:/docker/abc\n4:memory:/docker/abc/job\n1:cpu,cpuacct:/docker/abc\n"
            "0::/docker/abc\n");
  files.add("/self/mountinfo", mountinfo(files, kV1Mounts));
  files.add("/memory/memory.limit_in_bytes", "800000\n");
  files.add("/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
  files.add("/memory/job/memory.usage_in_bytes", "77\n");
  files.add("/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
  const std::optional<CgroupLocation> location = locate_cgroup(9, files.root());
  ASSERT_TRUE(location);
  EXPECT_EQ(location->version, CgroupVersion::v1);
  EXPECT_EQ(location->directory, files.root() + "/memory/job");
  const std::optional<CgroupMemory> memory = read_cgroup_memory(*location);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->usage, 77U);
  EXPECT_EQ(memory->limit, 800'000U);
  EXPECT_EQ(memory->out_of_memory_kills, 1U);
}

TEST(Cgroup, HybridWithMemoryOnTheUnifiedSideUsesIt) {
  const FakeFiles files;
  files.add("/9/cgroup", "5:cpu,cpuacct:/x\n1:name=systemd:/x\n0::/x\n");
  files.add("/self/mountinfo",
            mountinfo(files,
                      "32 31 0:29 / MOUNT/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                      "41 31 0:38 / MOUNT/with\\040blank rw - cgroup2 cgroup2 rw\n"));
  files.add("/with blank/x/memory.current", "5\n");
  const std::optional<CgroupLocation> location = locate_cgroup(9, files.root());
  ASSERT_TRUE(location);
  EXPECT_EQ(location->version, CgroupVersion::v2);
  EXPECT_EQ(read_cgroup_memory(*location)->usage, 5U);
}

TEST(Cgroup, WhereTheLeafAccountsNoMemoryTheAncestorDoes) {
  const FakeFiles files;
  files.add("/9/cgroup", "0::/a/b\n");
  files.add("/self/mountinfo", mountinfo(files, kUnifiedMounts));
  files.add("/sys/a/memory.current", "123\n");
  files.add("/sys/a/b/cgroup.procs", "9\n");
  const std::optional<CgroupMemory> memory = read_cgroup_memory(*locate_cgroup(9, files.root()));
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->usage, 123U);
  EXPECT_EQ(memory->limit, 0U);
}

TEST(Cgroup, TheRootGroupIsTheMountPoint) {
  const FakeFiles files;
  files.add("/9/cgroup", "0::/\n");
  files.add("/self/mountinfo", mountinfo(files, kUnifiedMounts));
  files.add_directory("/sys");
  const std::optional<CgroupLocation> location = locate_cgroup(9, files.root());
  ASSERT_TRUE(location);
  EXPECT_EQ(location->directory, files.root() + "/sys");
  EXPECT_EQ(read_cgroup_memory(*location)->usage, 0U);
}

TEST(Cgroup, WithoutAMountOrOutsideOfItThereIsNoLocation) {
  const FakeFiles files;
  files.add("/9/cgroup", "0::/x\n");
  EXPECT_FALSE(locate_cgroup(9, files.root())) << "no mountinfo";
  files.add("/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  EXPECT_FALSE(locate_cgroup(9, files.root())) << "not mounted";
  files.add("/self/mountinfo", mountinfo(files, kUnifiedMounts));
  files.add("/9/cgroup", "0::/../other\n");
  EXPECT_FALSE(locate_cgroup(9, files.root())) << "outside the namespace";
  EXPECT_FALSE(locate_cgroup(10, files.root())) << "no such process";
  EXPECT_FALSE(read_cgroup_memory({CgroupVersion::v2, "/nowhere", "/nowhere/group"}));
  const std::vector<CgroupMount> partial =
      parse_cgroup_mounts("1 2 0:1 /docker/ab /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  EXPECT_FALSE(locate_cgroup({{}, "/docker/abc"}, partial)) << "a longer name, not a child";
}

TEST(Cgroup, LimitsThatMeanNone) {
  EXPECT_EQ(parse_limit("max\n", CgroupVersion::v2), 0U);
  EXPECT_EQ(parse_limit("4096\n", CgroupVersion::v2), 4096U);
  EXPECT_EQ(parse_limit("9223372036854771712", CgroupVersion::v1), 0U);
  EXPECT_EQ(parse_limit("0", CgroupVersion::v2), 1U);
  EXPECT_EQ(parse_limit("garbage", CgroupVersion::v2), 0U);
}

TEST(Cgroup, OfThisProcessIsFoundWhereTheMachineHasOne) {
  const std::optional<CgroupLocation> location = locate_cgroup(::getpid());
  if (!location) GTEST_SKIP() << "no cgroup of ours is mounted here";
  const std::optional<CgroupMemory> memory = read_cgroup_memory(*location);
  if (memory && memory->limit != 0) {
    EXPECT_GT(memory->limit, 1'000'000U);
  }
}

TEST(Cgroup, RandomTextsNeverCrashAParser) {
  std::mt19937 random(1);
  const std::string alphabet = "0:/ -\n,.\\0123memorycgroup2";
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 200, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    text += " - cgroup2 cgroup2 rw\n";
    (void)locate_cgroup(parse_cgroup(text), parse_cgroup_mounts(text));
  }
}

}  // namespace
}  // namespace memwatch::procfs
