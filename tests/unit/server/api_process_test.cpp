// What is answered of one process: by copies that the daemon's thread makes, with the long part
// done elsewhere; mistakes and too much at once too.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "collector/procfs/process_identity.h"
#include "tests/unit/render/sample_sessions.h"
#include "tools/server/api.h"
#include "tools/server/workbench.h"

namespace memwatch::server {
namespace {

class OfProcess : public ::testing::Test {
 protected:
  OfProcess() {
    sources_.status = [this](const auto& use) { use(status_); };
    sources_.history = [this](const history::Question& question, const auto& use) {
      asked_ = question;
      use(history_);
    };
    sources_.now_ms = [] { return std::int64_t{1'000'000'000}; };
    sources_.session = [this](pid_t pid, const auto& use) {
      if (pid == 4242) return use(session_);
      use(missing(pid));
    };
    sources_.check_leaks = [this](pid_t pid, std::uint64_t seconds, const auto& use) {
      watched_seconds_ = seconds;
      sources_.session(pid, use);
    };
    sources_.memory = [this](pid_t pid, const auto& use) {
      if (pid != getpid()) return use(missing(pid));
      use(daemon::Fleet::MemoryOfProcess{"this", start_ticks_, {}});
    };
    sources_.work = [this](const std::function<void()>& job) {
      if (is_busy_) return false;
      job();
      return true;
    };
  }
  static Error missing(pid_t pid) {
    return Error{ErrorKind::not_found, "look", std::to_string(pid), "it is not watched", {}};
  }
  HttpResponse ask(const std::string& target, const std::string& method = "GET") {
    const Api api(sources_);
    std::optional<HttpResponse> answer;
    api.handle({method, target}, [&](HttpResponse given) {
      EXPECT_FALSE(answer) << "answered twice";
      answer = std::move(given);
    });
    EXPECT_TRUE(answer) << target;
    return answer.value_or(HttpResponse{});
  }
  nlohmann::json json(const std::string& target, const std::string& method = "GET") {
    const HttpResponse response = ask(target, method);
    EXPECT_EQ(response.status, 200) << response.body;
    return nlohmann::json::parse(response.body);
  }

  ApiSources sources_;
  daemon::Status status_;
  Result<model::Session> session_ = memwatch::testing::server_session();
  history::Question asked_;
  history::History::Answer history_ = std::vector<history::ProcessSample>{};
  std::uint64_t start_ticks_ = procfs::process_start_ticks(getpid()).value_or(0U);
  bool is_busy_ = false;
  std::uint64_t watched_seconds_ = 0;
};

TEST_F(OfProcess, ThisProcessIsExplainedToTheByte) {
  const auto found = json("/api/v1/breakdown?pid=" + std::to_string(getpid()));
  std::uint64_t sum = 0;
  for (const auto& part : found["parts"]) sum += part["bytes"].get<std::uint64_t>();
  EXPECT_EQ(sum, found["rss"]);
  EXPECT_GT(found["page_tables"], 0);
  EXPECT_GT(found["vms"], found["rss"]);
  EXPECT_GT(found["faults"]["minor"], 0);
  EXPECT_EQ(found["process"], "this");
}

TEST_F(OfProcess, AnotherProcessThatHasItsPidByNowIsNotExplained) {
  --start_ticks_;
  EXPECT_EQ(ask("/api/v1/breakdown?pid=" + std::to_string(getpid())).status, 404);
}

TEST_F(OfProcess, ConsumersAreLimitedAndByWhatIsAsked) {
  const auto sites = json("/api/v1/consumers?pid=4242");
  EXPECT_EQ(sites["by"], "site");
  ASSERT_GE(sites["consumers"].size(), 2U);
  EXPECT_FALSE(sites["consumers"][0]["stack"].empty());
  EXPECT_EQ(json("/api/v1/consumers?pid=4242&top=1")["consumers"].size(), 1U);
  const auto modules = json("/api/v1/consumers?pid=4242&by=module");
  EXPECT_FALSE(modules["consumers"][0].contains("stack"));
  EXPECT_EQ(ask("/api/v1/consumers?pid=4242&by=tag").status, 400);
}

TEST_F(OfProcess, GrowthOfTheLastMinutesIsThatOfTheLatestProcessWithThePid) {
  std::vector<history::ProcessSample> rows;
  for (int i = 0; i < 600; ++i) {
    history::ProcessSample row;
    row.process = {9, i < 100 ? 1U : 2U, "grows"};
    row.sample.time_ms = 1'000'000'000 + i * 1000;
    row.sample.rss = i < 100 ? 1U << 30 : (50U << 20) + static_cast<unsigned>(i) * 100'000U;
    rows.push_back(row);
  }
  history_ = rows;
  const auto growth = json("/api/v1/growth?pid=9&minutes=10");
  EXPECT_EQ(asked_.since_ms, 1'000'000'000 - 600'000);
  EXPECT_EQ(growth["process"], "grows");
  EXPECT_TRUE(growth["growth"].is_null()) << "nobody records it";
  EXPECT_EQ(growth["recent"]["samples"], 500);
  EXPECT_TRUE(growth["recent"]["live"].is_null());
  EXPECT_EQ(growth["recent"]["rss"]["growing"], true);
  EXPECT_NEAR(growth["recent"]["rss"]["bytes_per_second"].get<double>(), 100'000, 5000);
  history_ = std::vector<history::ProcessSample>{};
  EXPECT_EQ(json("/api/v1/growth?pid=4242")["growth"]["pattern"], "stable");
  EXPECT_EQ(ask("/api/v1/growth?pid=9").status, 404);
  for (const char* minutes : {"0", "x", "-1", "99999999"}) {
    EXPECT_EQ(ask("/api/v1/growth?pid=9&minutes=" + std::string(minutes)).status, 400);
  }
}

TEST_F(OfProcess, AnalyzeIsPostedAndTellsLeaks) {
  EXPECT_EQ(ask("/api/v1/analyze?pid=4242").status, 405);
  EXPECT_EQ(ask("/api/v1/analyze?pid=4242").headers.at("Allow"), "POST");
  const auto analysis = json("/api/v1/analyze?pid=4242", "POST");
  EXPECT_EQ(watched_seconds_, 10U);
  EXPECT_EQ(ask("/api/v1/analyze?pid=4242&seconds=600", "POST").status, 200);
  EXPECT_EQ(watched_seconds_, 600U);
  EXPECT_EQ(ask("/api/v1/analyze?pid=4242&seconds=601", "POST").status, 400);
  EXPECT_EQ(ask("/api/v1/analyze?pid=4242&seconds=0", "POST").status, 400);
  EXPECT_EQ(analysis["schema"], "memwatch.analysis/1");
  EXPECT_TRUE(analysis["leaks"].contains("definite_bytes"));
}

TEST_F(OfProcess, ReportsAndTheExportAreWhole) {
  for (const char* format :
       {"json", "text", "csv", "collapsed", "speedscope", "massif", "heaptrack", "pprof"}) {
    const HttpResponse response = ask("/api/v1/report?pid=4242&format=" + std::string(format));
    EXPECT_EQ(response.status, 200) << format;
    EXPECT_FALSE(response.body.empty());
  }
  EXPECT_EQ(ask("/api/v1/report?pid=4242&format=docx").status, 400);
  daemon::ProcessStatus process;
  process.pid = 4242;
  status_.processes.push_back(process);
  process.pid = 5;  // forgotten between the list and the look
  status_.processes.push_back(process);
  const auto everything = json("/api/v1/export");
  EXPECT_EQ(everything["reports"].size(), 1U);
  EXPECT_EQ(everything["status"]["processes"].size(), 2U);
}

TEST_F(OfProcess, MistakesAndTooMuchAreProblems) {
  for (const char* page : {"breakdown", "consumers", "growth", "report"}) {
    const std::string path = "/api/v1/" + std::string(page);
    EXPECT_EQ(ask(path).status, 400) << path;
    EXPECT_EQ(ask(path + "?pid=x").status, 400) << path;
    EXPECT_EQ(ask(path + "?pid=0").status, 400) << path;
    EXPECT_EQ(ask(path + "?pid=1").status, 404) << path;
    EXPECT_EQ(ask(path + "?pid=1&x=1").status, 400) << path;
  }
  is_busy_ = true;
  EXPECT_EQ(ask("/api/v1/report?pid=4242").status, 503);
  EXPECT_EQ(ask("/api/v1/report?pid=4242").headers.at("Retry-After"), "1");
}

TEST(WorkbenchTest, JobsAreDoneInOrderAndNotTooManyWait) {
  std::mutex held;
  std::vector<int> done;
  Workbench workbench;
  std::atomic<bool> has_begun{false};
  held.lock();
  ASSERT_TRUE(workbench.add([&] {
    has_begun = true;
    const std::lock_guard lock(held);
    done.push_back(0);
  }));
  while (!has_begun) std::this_thread::yield();
  for (std::size_t i = 0; i < Workbench::kMaxWaiting; ++i) {
    ASSERT_TRUE(workbench.add([&done, i] { done.push_back(static_cast<int>(i) + 1); }));
  }
  EXPECT_FALSE(workbench.add([] {}));
  held.unlock();
  std::atomic<bool> is_over{false};
  while (!workbench.add([&] { is_over = true; })) std::this_thread::yield();
  while (!is_over) std::this_thread::yield();
  ASSERT_EQ(done.size(), Workbench::kMaxWaiting + 1);
  for (std::size_t i = 0; i < done.size(); ++i) EXPECT_EQ(done[i], static_cast<int>(i));
}

TEST(WorkbenchTest, WhatWaitsAtTheEndIsNotKept) {
  auto never = std::make_shared<int>(0);
  std::mutex held;
  held.lock();
  {
    Workbench workbench;
    std::atomic<bool> has_begun{false};
    workbench.add([&] {
      has_begun = true;
      const std::lock_guard lock(held);
    });
    while (!has_begun) std::this_thread::yield();
    workbench.add([never] {});  // done or dropped, but not kept
    held.unlock();
  }
  EXPECT_EQ(never.use_count(), 1);
}

}  // namespace
}  // namespace memwatch::server
