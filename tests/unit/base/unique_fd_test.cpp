#include "collector/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace memwatch {
namespace {

int open_something() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, ClosesWhenItGoes) {
  const int fd = open_something();
  {
    const UniqueFd owner(fd);
    EXPECT_TRUE(owner.is_open());
    EXPECT_EQ(owner.get(), fd);
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd none;
  EXPECT_FALSE(none.is_open());
  EXPECT_EQ(none.get(), -1);
}

TEST(UniqueFd, MovesItsDescriptorAndClosesTheOneItHadBefore) {
  const int first = open_something();
  const int second = open_something();
  UniqueFd a(first);
  UniqueFd b(second);
  a = std::move(b);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(a.get(), second);
  const UniqueFd c(std::move(a));
  EXPECT_EQ(c.get(), second);
  EXPECT_TRUE(is_open(second));
}

TEST(UniqueFd, SurvivesBeingMovedToItself) {
  UniqueFd owner(open_something());
  UniqueFd& itself = owner;
  owner = std::move(itself);
  EXPECT_TRUE(owner.is_open());
  EXPECT_TRUE(is_open(owner.get()));
}

TEST(UniqueFd, GivesUpOwnershipOnRelease) {
  UniqueFd owner(open_something());
  const int fd = owner.release();
  EXPECT_FALSE(owner.is_open());
  EXPECT_TRUE(is_open(fd));
  owner.reset(fd);
  owner.reset();
  EXPECT_FALSE(is_open(fd));
}

}  // namespace
}  // namespace memwatch
