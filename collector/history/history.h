// The history with a thread of its own, so that a slow or full disk never holds up the recording.
// The database is opened there; a damaged one is set aside under another name, told in a line, and
// begun anew. A disk that is full is told once and tried again; meanwhile a minute of samples
// waits.
//
// Samples are dated by the wall clock, but age by the steady one: a clock that jumps while the
// daemon runs deletes nothing.
// Any thread may call; the callbacks are called from the history's thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collector/base/result.h"
#include "collector/history/history_store.h"
#include "collector/history/sample.h"

namespace memwatch::history {

class History {
 public:
  using Answer = Result<std::vector<ProcessSample>>;
  using AlertAnswer = Result<std::vector<KeptAlert>>;
  static constexpr std::size_t kMaxWaiting = 60;  // batches, a second apart
  static constexpr std::size_t kMaxWaitingAlerts = 1000;

  // `on_trouble`: a sentence about what is wrong with the file.
  History(std::string path, std::string boot, Limits limits,
          std::function<void(const std::string&)> on_trouble);
  ~History();  // what waits is written
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void add(std::vector<ProcessSample> batch);
  void ask(Question question, std::function<void(Answer)> answer);
  // In the place of what was saved with its id.
  void save(alerts::Alert alert);
  void find_alerts(AlertQuestion question, std::function<void(AlertAnswer)> answer);

 private:
  using Clock = std::chrono::steady_clock;
  struct Asked {
    Question question;
    std::function<void(Answer)> answer;
  };

  struct AskedForAlerts {
    AlertQuestion question;
    std::function<void(AlertAnswer)> answer;
  };

  void run();
  bool open_store();  // false: not now
  void set_aside(const Error& error);
  void write(std::deque<std::vector<ProcessSample>>& batches);
  void write_alerts(std::vector<alerts::Alert>& alerts);
  void complain(const Error& error);
  [[nodiscard]] Error closed() const;
  void trouble(const Error& error);
  [[nodiscard]] std::int64_t present_ms() const;

  std::string path_, boot_;
  Limits limits_;
  std::function<void(const std::string&)> on_trouble_;
  Clock::time_point start_ = Clock::now();
  std::chrono::system_clock::time_point wall_start_ = std::chrono::system_clock::now();
  // Of the thread alone.
  std::optional<HistoryStore> store_;
  bool told_trouble_ = false;
  Clock::time_point next_upkeep_ = start_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::vector<ProcessSample>> batches_;  // guarded by mutex_
  std::deque<Asked> questions_;                     // guarded by mutex_
  std::vector<alerts::Alert> alerts_;               // guarded by mutex_
  std::deque<AskedForAlerts> alert_questions_;      // guarded by mutex_
  bool stopping_ = false;                           // guarded by mutex_
  std::thread thread_;
};

}  // namespace memwatch::history
