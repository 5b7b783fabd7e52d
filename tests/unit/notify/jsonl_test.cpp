// The file of lines: whole ones or none.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/temporary_directory.h"
#include "tools/notify/jsonl_channel.h"

namespace memwatch::notify {
namespace {

alerts::Notice notice() {
  alerts::Alert alert;
  alert.id = 7;
  alert.message = "line\nbreak \xff";
  alert.process = {5, 1, "server"};
  alert.metrics = {{"rss", 12.5}};
  return {alerts::Notice::Kind::raised, alert};
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(JsonLines, EachAlertIsALineOfJson) {
  const test_support::TemporaryDirectory directory;
  const std::string path = directory.path("alerts.jsonl");
  JsonlChannel channel(path);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(channel.deliver(channel.payload(notice()), -1).result, Delivery::Result::done);
  }
  std::istringstream lines(contents(path));
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["event"], "raised");
    EXPECT_EQ(json["alert"]["id"], 7);
    EXPECT_EQ(json["alert"]["metrics"]["rss"], 12.5);
    EXPECT_FALSE(json["host"].get<std::string>().empty());
    ++count;
  }
  EXPECT_EQ(count, 2);
  struct stat file {};
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST(JsonLines, AFullDiskIsTriedAgainLater) {
  JsonlChannel channel("/dev/full");
  const Delivery delivery = channel.deliver("x\n", -1);
  EXPECT_EQ(delivery.result, Delivery::Result::retry);
  EXPECT_NE(delivery.text.find("/dev/full: No space left on device"), std::string::npos);
}

TEST(JsonLines, APipeThatNobodyReadsHoldsNobodyUp) {
  const test_support::TemporaryDirectory directory;
  const std::string path = directory.path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(JsonlChannel(path).deliver("x\n", -1).result, Delivery::Result::retry);
}

}  // namespace
}  // namespace memwatch::notify
