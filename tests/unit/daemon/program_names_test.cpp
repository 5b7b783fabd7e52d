#include "collector/daemon/program_names.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace memwatch::daemon {
namespace {

using Command = std::vector<std::string>;

TEST(ShownName, IsTheFilesWhereTheKernelCallsItSo) {
  EXPECT_EQ(shown_name("server", "server", {"/opt/server"}), "server");
  EXPECT_EQ(shown_name("a-very-long-program", "a-very-long-pro", {"x"}), "a-very-long-program");
  EXPECT_EQ(shown_name("postgres", "postgres", {"postgres: checkpointer "}), "postgres");
  EXPECT_EQ(shown_name("my program", "my program", {"/opt/my program"}), "my program");
  EXPECT_EQ(shown_name("bash", "bash", {"-bash"}), "bash");
  EXPECT_EQ(shown_name("gone", "", {}), "gone");
}

TEST(ShownName, OfALinkIsTheLinks) {
  EXPECT_EQ(shown_name("redis-check-rdb", "redis-server", {"/usr/bin/redis-server", "--port", "1"}),
            "redis-server");
  EXPECT_EQ(shown_name("redis-check-rdb", "redis-server", {"redis-server *:6379"}), "redis-server");
  EXPECT_EQ(shown_name("busybox", "ls", {"ls", "-l"}), "ls");
  EXPECT_EQ(shown_name("dash", "sh", {"/bin/sh", "-c", "x"}), "sh");
  EXPECT_EQ(shown_name("python3.11", "python3", {"/usr/bin/python3", "x.py"}), "python3");
  EXPECT_EQ(shown_name("busybox", "started-by-this", {"/x/started-by-this-name"}),
            "started-by-this-name");
}

TEST(ShownName, OfAScriptIsTheScripts) {
  EXPECT_EQ(shown_name("python3.11", "backup.py", {"/usr/bin/python3", "./backup.py", "now"}),
            "backup.py");
  EXPECT_EQ(shown_name("dash", "backup", {"/bin/sh", "-e", "/opt/backup"}), "backup");
}

TEST(ShownName, OfATitleIsItsFirstWord) {
  EXPECT_EQ(shown_name("python3.11", "gunicorn: maste", {"gunicorn: master [app]"}), "gunicorn");
  EXPECT_EQ(shown_name("perl", "worker 3", {"worker 3"}), "worker 3");
}

TEST(ShownName, WhatTheMainThreadCallsItselfIsNoProgram) {
  EXPECT_EQ(shown_name("node", "MainThread", {"node", "server.js"}), "node");
  EXPECT_EQ(shown_name("firefox-esr", "GeckoMain", {"/usr/bin/firefox"}), "firefox-esr");
  EXPECT_EQ(shown_name("server", ":", {""}), "server");
}

TEST(ProgramNamesTest, OfThisProcessMatchByAnyOfThem) {
  const ProgramNames names = program_names(getpid());
  EXPECT_EQ(names.file, "daemon_test");
  EXPECT_EQ(names.shown, "daemon_test");
  const ProgramNames link{"redis-check-rdb", "redis-server", "redis-server"};
  EXPECT_TRUE(link.match("redis-check-rdb"));
  EXPECT_TRUE(link.match("redis-s*"));
  EXPECT_TRUE((ProgramNames{"busybox", "started-by-this", "started-by-this-name"})
                  .match("started-by-this-name"));
  EXPECT_FALSE(link.match(""));
  EXPECT_TRUE(program_names(1 << 30).file.empty());
}

}  // namespace
}  // namespace memwatch::daemon
