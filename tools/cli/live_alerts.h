// Prints large allocations and failures to stderr as they happen: one line each, with the frame
// of the stack that tells most. Symbols are looked up on a thread of its own, since debug
// information may take a while to open and the recording must not wait. After kMaxLines the rest is
// only counted. Thread safety: add() from one thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "collector/recording/recorder.h"
#include "collector/symbols/symbolizer.h"

namespace memwatch::cli {

class LiveAlerts {
 public:
  static constexpr std::size_t kMaxLines = 50;

  LiveAlerts();
  ~LiveAlerts();  // prints what is still waiting
  LiveAlerts(const LiveAlerts&) = delete;
  LiveAlerts& operator=(const LiveAlerts&) = delete;

  // Does not block.
  void add(recording::Alert alert);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<recording::Alert> waiting_;  // guarded by mutex_
  std::size_t seen_ = 0;                  // guarded by mutex_
  bool stopping_ = false;                 // guarded by mutex_
  std::thread thread_;
};

// "large allocation: 2 GiB by malloc in server (pid 12, thread 12) at build_index (index.cpp:42)"
std::string alert_line(const recording::Alert& alert, symbols::Symbolizer& symbolizer);

}  // namespace memwatch::cli
