// A thread for what takes long (names of functions, reports), so that neither recording nor other
// requests wait for it. It starts with the first job; jobs are done one after another, and a few
// may wait. When none is left, what they used goes back to the system.
// Any thread may call add(); jobs run on the workbench's.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace memwatch::server {

class Workbench {
 public:
  static constexpr std::size_t kMaxWaiting = 16;

  Workbench() = default;
  ~Workbench();  // the job at hand is finished, those that wait are dropped
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  // False: too many wait already.
  bool add(std::function<void()> job);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_, as what follows
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace memwatch::server
