// Finds the places that alerts are about, and the names of the history's sites, one after another,
// on a thread that exists from the first of them on. add() from one thread; answers come on the
// locator's own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "collector/base/unique_fd.h"
#include "tools/notify/locate.h"
#include "tools/notify/site_names.h"

namespace memwatch::notify {

class Locator {
 public:
  Locator();
  ~Locator();  // what waits is not answered
  Locator(const Locator&) = delete;
  Locator& operator=(const Locator&) = delete;

  void add(Frames frames, std::function<void(alerts::Site)> found);
  using Names = std::optional<std::vector<history::SiteName>>;
  void add(std::vector<UnnamedStack> stacks, std::function<void(Names)> found);

 private:
  using Job = std::function<void(int stop)>;  // what it waits for ends when `stop` is readable
  void add_job(Job job);
  void run();

  UniqueFd stop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> wanted_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::thread thread_;
};

}  // namespace memwatch::notify
