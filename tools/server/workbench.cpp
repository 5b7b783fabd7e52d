#include "tools/server/workbench.h"

#include <signal.h>

#include <utility>

#include "collector/recording/own_memory.h"

namespace memwatch::server {

Workbench::~Workbench() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Workbench::add(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= kMaxWaiting) return false;
    jobs_.push_back(std::move(job));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  wake_.notify_one();
  return true;
}

void Workbench::run() {
  sigset_t all;  // signals are for the main thread
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    const bool is_last = jobs_.empty();
    lock.unlock();
    job();
    job = nullptr;  // with all that it holds
    if (is_last) {
      recording::drop_program_pages();
      recording::give_back_heap();
    }
    lock.lock();
  }
}

}  // namespace memwatch::server
