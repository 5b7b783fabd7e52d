// What the history has of consumers and operations, as text, JSON and CSV.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/render/history_consumers.h"
#include "tools/render/history_operations.h"

namespace memwatch::render {
namespace {

using history::Consumer;
using history::ConsumerHistory;
using history::ConsumerRound;
using history::Operation;
using history::OperationKind;

constexpr std::int64_t kStart = 1'800'000'000'000;

Consumer site(history::SiteId id, std::uint64_t live) {
  Consumer consumer;
  consumer.site = id;
  consumer.live_bytes = live;
  consumer.live_blocks = live >> 20;
  consumer.allocated_bytes = 2 * live;
  consumer.calls = 7;
  consumer.module = "/lib/libplain.so";
  return consumer;
}

ConsumerRound round(std::int64_t time_ms, std::vector<Consumer> consumers, std::uint64_t sites) {
  ConsumerRound made;
  made.process = {7, 1, "server"};
  made.time_ms = time_ms;
  made.sites = sites;
  for (const Consumer& consumer : consumers) made.live_bytes += consumer.live_bytes;
  made.consumers = std::move(consumers);
  return made;
}

ConsumerHistory two_rounds(std::uint64_t sites_of_first) {
  ConsumerHistory history;
  history.rounds = {round(kStart, {site(1, 8U << 20), site(2, 1U << 20)}, sites_of_first),
                    round(kStart + 60'000, {site(3, 16U << 20), site(1, 9U << 20)}, 2)};
  history.sites[1] = {"load", "/src/load.cpp", "/bin/server", 13, "load <- main"};
  history.sites[2] = {"old", "/src/old.cpp", "/bin/server", 4, "old <- main"};
  return history;
}

// Where in the text; fails where it is not there.
std::size_t at(const std::string& text, const std::string& part) {
  const std::size_t found = text.find(part);
  EXPECT_NE(found, std::string::npos) << part << "\n" << text;
  return found;
}

TEST(ConsumerHistoryText, TellsWhatHasGrownTheMostFirst) {
  const std::string text = consumer_history_text(two_rounds(2), 60, {});
  at(text, "server (pid 7), ");
  at(text, "live heap 25.0 MiB, +16.0 MiB");
  EXPECT_LT(at(text, "16.0 MiB  +16.0 MiB"), at(text, "load (load.cpp:13)"));
  EXPECT_LT(at(text, "load (load.cpp:13)"), at(text, "old (old.cpp:4)"));
  at(text, "9.0 MiB   +1.0 MiB");
  at(text, "0 B   −1.0 MiB");
  at(text, "load <- main");
  EXPECT_EQ(text.find('?'), std::string::npos) << text;
}

TEST(ConsumerHistoryText, DoesNotGuessWhatWasNotKept) {
  const std::string text = consumer_history_text(two_rounds(30), 60, {});
  at(text, "16.0 MiB         ?");
  EXPECT_LT(at(text, "load (load.cpp:13)"), at(text, "libplain.so")) << "unknown growth is none";
}

TEST(ConsumerHistoryText, OneRoundHasNoGrowth) {
  ConsumerHistory history = two_rounds(2);
  history.rounds.pop_back();
  const std::string text = consumer_history_text(history, 1, {});
  EXPECT_EQ(text.find("grown"), std::string::npos);
  at(text, "load (load.cpp:13)");
  EXPECT_EQ(text.find("old.cpp"), std::string::npos) << "at most one";
  EXPECT_EQ(consumer_history_text({}, 60, {}), "");
}

TEST(ConsumerHistoryJson, HasEveryRoundAndEachSiteOnce) {
  ConsumerHistory history = two_rounds(2);
  history.rounds[1].is_sample = true;
  StringOutput output;
  write_consumer_history_json(history, output);
  const auto json = nlohmann::json::parse(output.text());
  EXPECT_EQ(json["schema"], "memwatch.history-consumers/1");
  ASSERT_EQ(json["rounds"].size(), 2U);
  const auto& first = json["rounds"][0];
  EXPECT_EQ(first["time"], 1'800'000'000);
  EXPECT_EQ(first["mode"], "exact");
  EXPECT_EQ(first["consumers"][0]["site"], "0000000000000001");
  EXPECT_EQ(first["consumers"][0]["live_bytes"], 8U << 20);
  EXPECT_FALSE(first["consumers"][0].contains("live_bytes_sd"));
  EXPECT_TRUE(json["rounds"][1]["consumers"][0].contains("live_bytes_sd"));
  ASSERT_EQ(json["sites"].size(), 2U);
  EXPECT_EQ(json["sites"][0]["function"], "load");
  EXPECT_EQ(json["sites"][0]["stack"], "load <- main");
}

TEST(ConsumerHistoryCsv, HasARowForEachSiteOfEachRound) {
  StringOutput output;
  write_consumer_history_csv(two_rounds(2), output);
  const std::string text = output.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  at(text, "\n2027-01-15T08:00:00");
  at(text, ",7,server,exact,0000000000000001,8388608,0,8,16777216,7,0,load,/src/load.cpp,13,");
  at(text, ",0000000000000003,16777216,0,16,33554432,7,0,,,0,/lib/libplain.so\n");
}

std::vector<Operation> operations() {
  Operation large;
  large.process = {7, 1, "server"};
  large.time_ms = kStart;
  large.function = "malloc";
  large.tid = 9;
  large.size = 1U << 30;
  Operation failed = large;
  failed.kind = OperationKind::failure;
  failed.error_number = 12;
  failed.more = 3;
  return {large, failed};
}

TEST(OperationHistory, IsToldInWords) {
  const std::string text = operations_text(operations(), {});
  at(text, "allocation");
  at(text, "1.0 GiB");
  EXPECT_LT(at(text, "failure"), at(text, "ENOMEM, and 3 more"));
  EXPECT_EQ(operations_text({}, {}), "");
}

TEST(OperationHistory, IsWrittenForPrograms) {
  StringOutput json_output, csv_output;
  write_operations_json(operations(), json_output);
  const auto json = nlohmann::json::parse(json_output.text());
  EXPECT_EQ(json["schema"], "memwatch.history-operations/1");
  EXPECT_EQ(json["operations"][0]["kind"], "large");
  EXPECT_FALSE(json["operations"][0].contains("errno"));
  EXPECT_EQ(json["operations"][1]["errno_name"], "ENOMEM");
  EXPECT_EQ(json["operations"][1]["more"], 3);
  write_operations_csv(operations(), csv_output);
  at(csv_output.text(), ",7,server,9,failure,malloc,1073741824,12,3\n");
}

}  // namespace
}  // namespace memwatch::render
