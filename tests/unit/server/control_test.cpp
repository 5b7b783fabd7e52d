// The control socket: what it says, and what it does with those who say nonsense, nothing or too
// much.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>

#include "collector/base/unique_fd.h"
#include "collector/daemon/runtime_directory.h"
#include "tests/unit/temporary_directory.h"
#include "tools/server/control_server.h"

namespace memwatch::server {
namespace {

TEST(ControlProtocol, AnswersReadBack) {
  ControlAnswer answer;
  ASSERT_TRUE(decode_answer(encode_answer({3, "two\nlines\n"}), &answer));
  EXPECT_EQ(answer.status, 3);
  EXPECT_EQ(answer.text, "two\nlines\n");
  for (const char* nonsense : {"", "0", "x\n", "-1\n", "256\n", "0x\n", "99999999999\n"}) {
    EXPECT_FALSE(decode_answer(nonsense, &answer)) << nonsense;
  }
}

TEST(ControlProtocol, AQuestionIsItsWords) {
  std::vector<std::string> words;
  ASSERT_TRUE(decode_question("watch\nadd\na b\n", &words));
  EXPECT_EQ(words, (std::vector<std::string>{"watch", "add", "a b"}));
  EXPECT_FALSE(decode_question("", &words));
  EXPECT_FALSE(decode_question("cut off", &words));
}

class Control : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { server_.reset(); }
  void start() {
    Result<ControlServer> server = ControlServer::listen(root_ + "/s");
    ASSERT_TRUE(server) << server.error().to_line();
    server_.emplace(*std::move(server));
    server_->on_question = [this](const std::vector<std::string>& words,
                                  std::uint64_t number) -> std::optional<ControlAnswer> {
      questions_.push_back(words);
      last_number_ = number;
      if (words[0] == "later") return std::nullopt;
      return ControlAnswer{0, std::string(answer_bytes_, 'x')};
    };
  }
  [[nodiscard]] UniqueFd connect_to() const {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (root_ + "/s").c_str());
    EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
  }
  static void say(const UniqueFd& socket, const std::string& bytes) {
    EXPECT_EQ(send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // What the other side has sent; empty optional: it has not hung up.
  std::optional<std::string> hear(const UniqueFd& socket) {
    std::string all;
    for (int turns = 0; turns < 1000; ++turns) {
      server_->turn();
      char buffer[65536];
      const ssize_t got = recv(socket.get(), buffer, sizeof buffer, 0);
      if (got == 0 || (got < 0 && errno == ECONNRESET)) return all;
      if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
    }
    return std::nullopt;
  }

  test_support::TemporaryDirectory directory_;
  std::string root_ = directory_.path();
  std::optional<ControlServer> server_;
  std::size_t answer_bytes_ = 5;
  std::uint64_t last_number_ = 0;
  std::vector<std::vector<std::string>> questions_;
};

TEST_F(Control, AQuestionInPiecesIsAnsweredOnce) {
  const UniqueFd socket = connect_to();
  say(socket, "sta");
  server_->turn();
  say(socket, "tus\n");
  server_->turn();
  EXPECT_TRUE(questions_.empty());
  shutdown(socket.get(), SHUT_WR);
  EXPECT_EQ(hear(socket), "0\nxxxxx");
  EXPECT_EQ(questions_, (std::vector<std::vector<std::string>>{{"status"}}));
}

TEST_F(Control, AnAnswerMayComeLater) {
  const UniqueFd socket = connect_to();
  say(socket, "later\n");
  shutdown(socket.get(), SHUT_WR);
  server_->turn();
  server_->turn();
  ASSERT_EQ(questions_.size(), 1U);
  const std::uint64_t asked = last_number_;
  const UniqueFd other = connect_to();
  say(other, "status\n");
  shutdown(other.get(), SHUT_WR);
  EXPECT_EQ(hear(other), "0\nxxxxx") << "meanwhile others are served";
  server_->answer(asked + 100, {0, "for nobody"});
  server_->answer(asked, {3, "late"});
  EXPECT_EQ(hear(socket), "3\nlate");
}

TEST_F(Control, ALongAnswerArrivesWhole) {
  answer_bytes_ = 5'000'000;
  const UniqueFd socket = connect_to();
  say(socket, "status\n");
  shutdown(socket.get(), SHUT_WR);
  const std::optional<std::string> heard = hear(socket);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->size(), answer_bytes_ + 2);
}

TEST_F(Control, NonsenseAndTooMuchAreHungUpOn) {
  const UniqueFd cut_off = connect_to();
  say(cut_off, "status");
  shutdown(cut_off.get(), SHUT_WR);
  EXPECT_EQ(hear(cut_off), "");
  const UniqueFd silent = connect_to();
  shutdown(silent.get(), SHUT_WR);
  EXPECT_EQ(hear(silent), "");
  const UniqueFd endless = connect_to();
  say(endless, std::string(kMaxQuestionBytes + 1, '\n'));
  EXPECT_EQ(hear(endless), "");
  EXPECT_TRUE(questions_.empty());
}

TEST_F(Control, OneWhoLeavesHarmsNobody) {
  answer_bytes_ = 5'000'000;
  {
    const UniqueFd socket = connect_to();
    say(socket, "status\n");
    shutdown(socket.get(), SHUT_WR);
    server_->turn();
  }
  for (int i = 0; i < 10; ++i) server_->turn();
  answer_bytes_ = 1;
  const UniqueFd next = connect_to();
  say(next, "status\n");
  shutdown(next.get(), SHUT_WR);
  EXPECT_EQ(hear(next), "0\nx");
}

TEST_F(Control, MoreThanAreServedAtOnceWaitTheirTurn) {
  std::vector<UniqueFd> silent;
  for (std::size_t i = 0; i < ControlServer::kMaxConnections; ++i) {
    silent.push_back(connect_to());
  }
  server_->turn();
  const UniqueFd late = connect_to();
  say(late, "status\n");
  shutdown(late.get(), SHUT_WR);
  server_->turn();
  EXPECT_TRUE(questions_.empty());
  silent.clear();
  EXPECT_EQ(hear(late), "0\nxxxxx");
}

// The asking side against one that ends in the middle of it.
class DyingDaemon : public testing::Test {
 protected:
  void SetUp() override {
    setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1);
    const Result<std::string> place = daemon::runtime_directory();
    ASSERT_TRUE(place) << place.error().to_line();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, daemon::control_socket_path(*place).c_str());
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ASSERT_EQ(listen(listener_.get(), 1), 0);
  }
  void TearDown() override { unsetenv("XDG_RUNTIME_DIR"); }
  void wait_for_one() const {
    pollfd waiting{listener_.get(), POLLIN, 0};
    EXPECT_EQ(poll(&waiting, 1, 60'000), 1);
  }
  // Asks while `end` is what the other side does.
  template <class End>
  static void expect_ended(End end) {
    std::thread other(end);
    const Result<ControlAnswer> answer = ask_daemon({"status"});
    other.join();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::not_found) << answer.error().to_line();
    EXPECT_NE(answer.error().to_line().find("none runs any more"), std::string::npos);
  }

  test_support::TemporaryDirectory directory_;
  UniqueFd listener_{::socket(AF_UNIX, SOCK_STREAM, 0)};
};

TEST_F(DyingDaemon, BeforeItTookTheQuestion) {
  expect_ended([this] {
    wait_for_one();
    listener_.reset();
  });
}

TEST_F(DyingDaemon, WithTheQuestionRead) {
  expect_ended([this] {
    wait_for_one();
    const UniqueFd connection(accept(listener_.get(), nullptr, nullptr));
    char bytes[64];
    while (recv(connection.get(), bytes, sizeof bytes, 0) > 0) continue;
  });
}

TEST_F(Control, ADeadDaemonsSocketIsReplacedAndOnesOwnRemoved) {
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(root_ + "/s"));
  const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, (root_ + "/s").c_str());
  ASSERT_EQ(bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  start();
  const UniqueFd socket = connect_to();
  say(socket, "status\n");
  shutdown(socket.get(), SHUT_WR);
  EXPECT_EQ(hear(socket), "0\nxxxxx");
}

}  // namespace
}  // namespace memwatch::server
