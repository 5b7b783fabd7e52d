#include "collector/daemon/runtime_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "collector/daemon/single_instance.h"
#include "collector/procfs/text.h"
#include "tests/unit/temporary_directory.h"

namespace memwatch::daemon {
namespace {

class RuntimeDirectory : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* before = getenv("XDG_RUNTIME_DIR")) before_ = before;
    setenv("XDG_RUNTIME_DIR", root_.c_str(), 1);
  }
  void TearDown() override {
    if (before_) {
      setenv("XDG_RUNTIME_DIR", before_->c_str(), 1);
    } else {
      unsetenv("XDG_RUNTIME_DIR");
    }
  }
  test_support::TemporaryDirectory directory_;
  std::string root_ = directory_.path();
  std::optional<std::string> before_;
};

TEST_F(RuntimeDirectory, IsMadePrivate) {
  const Result<std::string> path = runtime_directory();
  ASSERT_TRUE(path) << path.error().to_line();
  EXPECT_EQ(*path, root_ + "/memwatch");
  struct stat status {};
  ASSERT_EQ(stat(path->c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_TRUE(runtime_directory());
}

TEST_F(RuntimeDirectory, OneThatOthersCanEnterIsRefused) {
  ASSERT_TRUE(runtime_directory());
  ASSERT_EQ(chmod((root_ + "/memwatch").c_str(), 0755), 0);
  const Result<std::string> path = runtime_directory();
  ASSERT_FALSE(path);
  EXPECT_NE(path.error().to_line().find("this user alone"), std::string::npos);
}

TEST_F(RuntimeDirectory, ALinkOrAFileInItsPlaceIsRefused) {
  ASSERT_EQ(symlink("/tmp", (root_ + "/memwatch").c_str()), 0);
  EXPECT_FALSE(runtime_directory());
}

TEST_F(RuntimeDirectory, APathWithoutRoomForASocketIsRefused) {
  setenv("XDG_RUNTIME_DIR", ("/tmp/" + std::string(100, 'x')).c_str(), 1);
  const Result<std::string> path = runtime_directory();
  ASSERT_FALSE(path);
  EXPECT_NE(path.error().to_line().find("too long"), std::string::npos);
}

// The unit of the machine says XDG_RUNTIME_DIR=/run; a login of root has /run/user/0, su keeps that
// of whoever called it.
TEST_F(RuntimeDirectory, RootFindsTheMachinesDaemonFromEveryLogin) {
  for (const char* login : {"/run", "/run/user/0", "/run/user/1000", "/run/user/0/", "", "run"}) {
    EXPECT_EQ(runtime_directory_path(login, true), "/run/memwatch") << login;
  }
  EXPECT_EQ(runtime_directory_path(nullptr, true), "/run/memwatch");
  EXPECT_EQ(runtime_directory_path("/run/users", true), "/run/users/memwatch");
  EXPECT_EQ(runtime_directory_path("/tmp/x", true), "/tmp/x/memwatch") << "a place of its own";
  EXPECT_EQ(runtime_directory_path("/run/user/1000", false), "/run/user/1000/memwatch");
}

TEST_F(RuntimeDirectory, HoldsOneDaemon) {
  const Result<std::string> path = runtime_directory();
  ASSERT_TRUE(path);
  {
    const auto first = SingleInstance::claim(*path);
    ASSERT_TRUE(first) << first.error().to_line();
    const auto second = SingleInstance::claim(*path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::usage);
    EXPECT_NE(second.error().to_line().find("pid " + std::to_string(getpid())), std::string::npos);
  }
  EXPECT_TRUE(SingleInstance::claim(*path));
}

}  // namespace
}  // namespace memwatch::daemon
