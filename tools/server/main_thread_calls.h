// What other threads want done on the daemon's own: calls under a lock, and a descriptor that
// becomes readable when there is one. add() from any thread, the rest from the daemon's.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "collector/base/unique_fd.h"

namespace memwatch::server {

class MainThreadCalls {
 public:
  [[nodiscard]] int descriptor() const { return event_.get(); }

  void add(std::function<void()> call) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(std::move(call));
    }
    eventfd_write(event_.get(), 1);
  }

  void run_all() {
    eventfd_t count = 0;
    eventfd_read(event_.get(), &count);
    std::vector<std::function<void()>> calls;
    {
      const std::lock_guard lock(mutex_);
      calls.swap(calls_);
    }
    for (const std::function<void()>& call : calls) call();
  }

 private:
  UniqueFd event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex_;
  std::vector<std::function<void()>> calls_;  // guarded by mutex_
};

}  // namespace memwatch::server
