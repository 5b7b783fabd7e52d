// What is asked of a daemon that answers, is silent, or is not there; and that nothing keeps the
// view awake when there is nothing to do.
#include "tools/top/daemon_link.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "collector/daemon/runtime_directory.h"
#include "tests/unit/temporary_directory.h"
#include "tools/server/control_server.h"

namespace memwatch::top {
namespace {

using namespace std::chrono_literals;
using Clock = DaemonLink::Clock;

class DaemonLinkTest : public testing::Test {
 protected:
  void SetUp() override { setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1); }
  void TearDown() override { unsetenv("XDG_RUNTIME_DIR"); }

  void start_daemon() {
    const Result<std::string> directory = daemon::runtime_directory();
    ASSERT_TRUE(directory) << directory.error().to_line();
    Result<server::ControlServer> server =
        server::ControlServer::listen(daemon::control_socket_path(*directory));
    ASSERT_TRUE(server) << server.error().to_line();
    server_.emplace(*std::move(server));
    server_->on_question = [this](const std::vector<std::string>& words,
                                  std::uint64_t) -> std::optional<server::ControlAnswer> {
      asked_.push_back(words.front());
      if (words.front() == silent_) return std::nullopt;
      if (words.front() == "status") {
        return server::ControlAnswer{0, status_};
      }
      if (words.front() == "sites" && !sites_.empty()) return server::ControlAnswer{0, sites_};
      return server::ControlAnswer{3, "no such process"};
    };
  }
  // Until nothing more comes of it.
  void turn(Screen& screen) {
    for (int i = 0; i < 20; ++i) {
      link_.turn(screen);
      if (server_) server_->turn();
    }
  }

  test_support::TemporaryDirectory directory_;
  std::optional<server::ControlServer> server_;
  std::string silent_;
  std::string status_ = R"({"schema": "memwatch.status/1", "processes": []})";
  std::string sites_;  // "": refused
  std::vector<std::string> asked_;
  DaemonLink link_{1h};
};

TEST_F(DaemonLinkTest, WhereNoneRunsItIsTriedAgainLater) {
  Screen screen;
  const auto before = Clock::now();
  EXPECT_TRUE(link_.turn(screen));
  EXPECT_NE(screen.trouble.find("The daemon has gone"), std::string::npos) << screen.trouble;
  EXPECT_GE(link_.next_turn(), before + 1h);
  EXPECT_TRUE(link_.waits_for().empty());
  EXPECT_FALSE(link_.turn(screen)) << "not due yet";
}

TEST_F(DaemonLinkTest, AnAnswerIsTheLastThingUntilTheNextIsDue) {
  start_daemon();
  Screen screen;
  screen.trouble = "of earlier";
  const auto before = Clock::now();
  turn(screen);
  EXPECT_EQ(screen.trouble, "");
  EXPECT_EQ(asked_, (std::vector<std::string>{"status"}));
  EXPECT_GE(link_.next_turn(), before + 1h);
  EXPECT_TRUE(link_.waits_for().empty());
}

TEST_F(DaemonLinkTest, SitesThatAreNotLookedAtAnyMoreAreNotWaitedFor) {
  start_daemon();
  silent_ = "sites";
  Screen screen;
  const auto before = Clock::now();
  turn(screen);
  screen.view = View::sites;
  screen.sites.pid = 7;
  link_.ask_for_sites();
  turn(screen);
  EXPECT_EQ(asked_, (std::vector<std::string>{"status", "sites"}));
  EXPECT_EQ(link_.waits_for().size(), 1U);
  EXPECT_GE(link_.next_turn(), before + 1h);
  screen.view = View::processes;
  turn(screen);
  EXPECT_TRUE(link_.waits_for().empty());
  EXPECT_GE(link_.next_turn(), before + 1h);
}

TEST_F(DaemonLinkTest, WhatTheDaemonRefusesIsToldAndAskedAgainLater) {
  start_daemon();
  Screen screen;
  screen.view = View::sites;
  screen.sites.pid = 7;
  const auto before = Clock::now();
  turn(screen);
  EXPECT_NE(screen.sites.trouble.find("no such process"), std::string::npos);
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_GE(link_.next_turn(), before + 1s);
}

TEST_F(DaemonLinkTest, SitesOfAnotherThatHasThePidByNowAreNotShown) {
  start_daemon();
  status_ = R"({"schema": "memwatch.status/1", "processes": [
      {"pid": 7, "start_ticks": 200, "state": "running", "source": "recorded"}]})";
  sites_ = R"({"schema": "memwatch.consumers/1", "consumers": []})";
  Screen screen;
  turn(screen);
  screen.view = View::sites;
  screen.sites.pid = 7;
  screen.sites.start_ticks = 100;
  link_.ask_for_sites();
  turn(screen);
  EXPECT_FALSE(screen.sites.sites);
  EXPECT_NE(screen.sites.trouble.find("another process has its pid"), std::string::npos);
  screen.sites.start_ticks = 200;
  link_.ask_for_sites();
  turn(screen);
  EXPECT_TRUE(screen.sites.sites);
  EXPECT_EQ(screen.sites.trouble, "");
}

TEST_F(DaemonLinkTest, ASilentDaemonIsLookedAtOnceInASecond) {
  start_daemon();
  silent_ = "status";
  Screen screen;
  turn(screen);
  EXPECT_EQ(asked_.size(), 1U);
  const auto before = Clock::now();
  EXPECT_GE(link_.next_turn(), before + 1s);
  EXPECT_EQ(link_.waits_for().size(), 1U);
}

}  // namespace
}  // namespace memwatch::top
