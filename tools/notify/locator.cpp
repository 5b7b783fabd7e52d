#include "tools/notify/locator.h"

#include <signal.h>
#include <sys/eventfd.h>

#include <utility>

namespace memwatch::notify {

Locator::Locator() : stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Locator::~Locator() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(stop_.get(), 1);
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Locator::add(Frames frames, std::function<void(alerts::Site)> found) {
  add_job([frames = std::move(frames), found = std::move(found)](int stop) {
    found(locate_site(frames, stop));
  });
}

void Locator::add(std::vector<UnnamedStack> stacks, std::function<void(Names)> found) {
  add_job([stacks = std::move(stacks), found = std::move(found)](int stop) {
    found(find_names(stacks, stop));
  });
}

void Locator::add_job(Job job) {
  {
    const std::lock_guard lock(mutex_);
    wanted_.push_back(std::move(job));
  }
  wake_.notify_all();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Locator::run() {
  sigset_t all;  // signals are for the main thread
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !wanted_.empty(); });
    if (stopping_) return;
    {
      const Job job = std::move(wanted_.front());
      wanted_.pop_front();
      lock.unlock();
      job(stop_.get());
    }
    lock.lock();
  }
}

}  // namespace memwatch::notify
