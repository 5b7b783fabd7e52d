// The answer to a leaks request, from somebody who means ill: root asks the memwatch of another
// user, and the path in a segment leads to whoever likes to listen.
#include "collector/intake/leaks_answer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "collector/intake/rendezvous_server.h"
#include "tests/unit/temporary_directory.h"

namespace memwatch::intake {
namespace {

constexpr uid_t kNobody = 65534;

class LeaksAnswer : public testing::Test {
 protected:
  std::string write(const std::string& name) {
    const std::string path = place_.path() + "/" + name;
    std::ofstream(path) << name;
    return path;
  }
  Result<UniqueFd> take(const std::string& path, uid_t listener = geteuid()) {
    return take_leaks_answer(socket_, path, listener);
  }

  test_support::TemporaryDirectory place_, elsewhere_;
  const std::string socket_ = place_.path() + "/run-1-0";
};

TEST_F(LeaksAnswer, AFileBesideTheSocketIsReadAndRemoved) {
  const std::string path = write("leaks-1.mw");
  const Result<UniqueFd> taken = take(path);
  ASSERT_TRUE(taken) << taken.error().to_line();
  EXPECT_FALSE(std::filesystem::exists(path));
  char text[32] = {};
  EXPECT_EQ(read(taken->get(), text, sizeof text), 10);
  EXPECT_STREQ(text, "leaks-1.mw");
}

TEST_F(LeaksAnswer, APathElsewhereIsNeitherReadNorRemoved) {
  const std::string other = elsewhere_.path() + "/precious";
  std::ofstream(other) << "precious";
  const std::string up =
      place_.path() + "/../" + std::filesystem::path(elsewhere_.path()).filename().string();
  for (const std::string& path : {other, up + "/precious", std::string("precious"), std::string(),
                                  place_.path(), place_.path() + "/", place_.path() + "/.."}) {
    EXPECT_FALSE(take(path)) << path;
  }
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST_F(LeaksAnswer, ALinkADirectoryAndAFifoAreLeftAlone) {
  const std::string other = elsewhere_.path() + "/precious";
  std::ofstream(other) << "precious";
  const std::string link = place_.path() + "/link", directory = place_.path() + "/directory",
                    fifo = place_.path() + "/fifo";
  std::filesystem::create_symlink(other, link);
  std::filesystem::create_directory(directory);
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {link, directory, fifo}) {
    EXPECT_FALSE(take(path)) << path;
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::symlink_status(path))) << path;
  }
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST_F(LeaksAnswer, WhatIsNotTheListenersIsLeftAlone) {
  const std::string path = write("leaks-1.mw");
  EXPECT_FALSE(take(path, geteuid() + 1));  // the directory is not theirs
  EXPECT_TRUE(std::filesystem::exists(path));
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give something away";
  ASSERT_EQ(chown(place_.path().c_str(), kNobody, kNobody), 0);
  EXPECT_FALSE(take(path, kNobody));  // the file is not
  EXPECT_TRUE(std::filesystem::exists(path));
  ASSERT_EQ(chown(path.c_str(), kNobody, kNobody), 0);
  EXPECT_TRUE(take(path, kNobody));
}

// A collector of another user's on this path: tells on its way out whether it was told anything.
pid_t listen_as_another(const std::string& path) {
  int ready[2];
  if (pipe(ready) != 0) return -1;
  const pid_t pid = fork();
  if (pid != 0) {
    close(ready[1]);
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
  }
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      setuid(kNobody) != 0 || listen(listener, 1) != 0 || write(ready[1], "r", 1) != 1) {
    _exit(2);
  }
  char bytes[256];
  _exit(recv(accept(listener, nullptr, nullptr), bytes, sizeof bytes, 0) > 0 ? 1 : 0);
}

int end_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(LeaksAnswer, AnotherUsersListenerIsToldNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  const LeaksAsker gives_up{[] { return AskerState::is_gone; }, [] {}};
  const pid_t stranger = listen_as_another(socket_);
  EXPECT_FALSE(ask_for_leaks(socket_, geteuid(), {}, gives_up));
  EXPECT_EQ(end_of(stranger), 0);
  unlink(socket_.c_str());
  // Of a segment of that user's it is the right one.
  const pid_t owner = listen_as_another(socket_);
  EXPECT_FALSE(ask_for_leaks(socket_, kNobody, {}, gives_up));
  EXPECT_EQ(end_of(owner), 1);
}

}  // namespace
}  // namespace memwatch::intake
