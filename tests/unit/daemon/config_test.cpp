#include "collector/daemon/config.h"

#include <gtest/gtest.h>

namespace memwatch::daemon {
namespace {

Config good(std::string_view text) {
  const Result<Config> config = parse_config("memwatch.toml", text);
  EXPECT_TRUE(config) << config.error().to_line();
  return config ? *config : Config{};
}

void expect_wrong(std::string_view text, const std::string& where, const std::string& what) {
  const Result<Config> config = parse_config("memwatch.toml", text);
  ASSERT_FALSE(config) << text;
  const std::string line = config.error().to_line();
  EXPECT_EQ(config.error().subject, where) << line;
  EXPECT_NE(line.find(what), std::string::npos) << line;
}

TEST(DaemonConfig, AnEmptyOneWatchesEverythingAtTheCostOfASample) {
  const Config config = good("");
  EXPECT_TRUE(config.watch.empty());
  EXPECT_EQ(config.poll_interval, std::chrono::seconds(30));
  EXPECT_EQ(config.settings_for({"server", "server"}), ProcessSettings{});
  EXPECT_EQ(ProcessSettings{}.mode, model::Mode::sample);
  EXPECT_EQ(ProcessSettings{}.on_full, protocol::OnFull::drop);
}

TEST(DaemonConfig, EverythingCanBeSet) {
  const Config config = good(R"(
watch = ["server", "worker-*"]
poll_interval = "1m"
keep_ended = "0s"
[history]
keep = "2d"
keep_operations = "3h"
consumers_every = "5m"
max_size = "32MiB"
[defaults]
mode = "idle"
large = "64MiB"
[[process]]
name = "worker-*"
mode = "exact"
on_full = "block"
[[process]]
name = "*"
sample_interval = 1048576
)");
  EXPECT_EQ(config.watch, (std::vector<std::string>{"server", "worker-*"}));
  EXPECT_EQ(config.poll_interval, std::chrono::minutes(1));
  EXPECT_EQ(config.keep_ended, std::chrono::seconds(0));
  EXPECT_EQ(config.history_keep, std::chrono::hours(48));
  EXPECT_EQ(config.keep_operations, std::chrono::hours(3));
  EXPECT_EQ(config.consumers_every, std::chrono::minutes(5));
  EXPECT_EQ(config.history_max_bytes, 32U << 20);
  const ProcessSettings worker = config.settings_for({"worker-7", "main"});
  EXPECT_EQ(worker.mode, model::Mode::exact);
  EXPECT_EQ(worker.on_full, protocol::OnFull::block);
  EXPECT_EQ(worker.large, 64U << 20);
  EXPECT_EQ(worker.sample_interval, 512U << 10);  // the first rule that fits, alone
  const ProcessSettings other = config.settings_for({"server", "server"});
  EXPECT_EQ(other.mode, model::Mode::idle);
  EXPECT_EQ(other.sample_interval, 1U << 20);
}

TEST(DaemonConfig, AProgramGoesByItsFileAndByWhatTheKernelCallsIt) {
  const ProgramNames names{"python3.11", "python3"};
  EXPECT_TRUE(names.match("python3.11"));
  EXPECT_TRUE(names.match("python3"));
  EXPECT_TRUE(names.match("python*"));
  EXPECT_FALSE(names.match("python"));
  EXPECT_FALSE(names.match("python3.1?"));
}

TEST(DaemonConfig, MistakesAreToldWithTheirLine) {
  expect_wrong("watch = [", "memwatch.toml:1", "not TOML");
  expect_wrong("\nwatch = \"server\"", "memwatch.toml:2", "a list of names");
  expect_wrong("watch = [1]", "memwatch.toml:1", "the name of a program");
  expect_wrong("watch = [\"\"]", "memwatch.toml:1", "empty");
  expect_wrong("watch = [\"/bin/sh\"]", "memwatch.toml:1", "without their directory");
  expect_wrong("watch = [\"a\\nb\"]", "memwatch.toml:1", "control characters");
  expect_wrong("wach = []", "memwatch.toml:1", "unknown key 'wach'");
  expect_wrong("poll_interval = 30", "memwatch.toml:1", "a duration as a string");
  expect_wrong("poll_interval = \"0s\"", "memwatch.toml:1", "from 1 s to 24 h");
  expect_wrong("poll_interval = \"1500ms\"", "memwatch.toml:1", "whole seconds");
  expect_wrong("keep_ended = \"2d\"", "memwatch.toml:1", "24 h");
  expect_wrong("defaults = 3", "memwatch.toml:1", "a table");
  expect_wrong("[defaults]\nmode = \"full\"", "memwatch.toml:2", "\"exact\"");
  expect_wrong("[defaults]\nmode = 1", "memwatch.toml:2", "\"exact\"");
  expect_wrong("[defaults]\non_full = \"wait\"", "memwatch.toml:2", "\"block\" or \"drop\"");
  expect_wrong("[defaults]\nname = \"x\"", "memwatch.toml:2", "unknown key 'name'");
  expect_wrong("[defaults]\nlarge = \"big\"", "memwatch.toml:2", "a size such as");
  expect_wrong("[defaults]\nlarge = 0", "memwatch.toml:2", "not 0");
  expect_wrong("[defaults]\nlarge = -5", "memwatch.toml:2", "a size such as");
  expect_wrong("[defaults]\nlarge = true", "memwatch.toml:2", "found true or false");
  expect_wrong("history = 1", "memwatch.toml:1", "a table");
  expect_wrong("[history]\nkeep = 7", "memwatch.toml:2", "whole hours or days");
  expect_wrong("[history]\nkeep = \"90m\"", "memwatch.toml:2", "whole hours or days");
  expect_wrong("[history]\nmax_size = 5", "memwatch.toml:2", "1MiB or more");
  expect_wrong("[history]\nconsumers_every = \"0s\"", "memwatch.toml:2", "consumers_every");
  expect_wrong("[history]\nkeep_operations = \"90m\"", "memwatch.toml:2", "whole hours or days");
  expect_wrong("[history]\nsize = 5", "memwatch.toml:2", "unknown key 'size'");
  expect_wrong("process = 1", "memwatch.toml:1", "[[process]]");
  expect_wrong("process = [1]", "memwatch.toml:1", "[[process]]");
  expect_wrong("[[process]]\nmode = \"exact\"", "memwatch.toml:1", "has no name");
  expect_wrong("[[process]]\nname = \"x\"\nlage = 3", "memwatch.toml:3", "unknown key 'lage'");
}

TEST(DaemonConfig, AFileThatIsNotThereIsToldApart) {
  const Result<Config> config = read_config("/nonexistent/memwatch.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace memwatch::daemon
