// Finds the places that alerts are about, one after another, on a thread that exists from the first
// of them on. add() from one thread; answers come on the locator's own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "collector/base/unique_fd.h"
#include "tools/notify/locate.h"

namespace memwatch::notify {

class Locator {
 public:
  Locator();
  ~Locator();  // what waits is not answered
  Locator(const Locator&) = delete;
  Locator& operator=(const Locator&) = delete;

  void add(Frames frames, std::function<void(alerts::Site)> found);

 private:
  struct Wanted {
    Frames frames;
    std::function<void(alerts::Site)> found;
  };
  void run();

  UniqueFd stop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Wanted> wanted_;  // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace memwatch::notify
