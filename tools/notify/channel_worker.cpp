#include "tools/notify/channel_worker.h"

#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

namespace memwatch::notify {

namespace {

constexpr std::chrono::seconds kFirstPause{1}, kLongestPause{300};
constexpr std::chrono::seconds kBetweenSpoolings{2};

}  // namespace

ChannelWorker::ChannelWorker(std::unique_ptr<Channel> channel, const std::string& spool_directory,
                             std::function<void(const std::string&)> on_trouble)
    : channel_(std::move(channel)),
      on_trouble_(std::move(on_trouble)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  state_.name = channel_->name();
  channel_->describe(state_);
  if (channel_->keeps_queue()) spool_.emplace(spool_directory);
  thread_ = std::thread([this] { run(); });
}

ChannelWorker::~ChannelWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(stop_.get(), 1);
  wake_.notify_all();
  thread_.join();
}

void ChannelWorker::notify(const alerts::Notice& notice) {
  std::string payload = channel_->payload(notice);
  if (payload.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({std::move(payload), 0});
    state_.waiting = items_.size();
  }
  wake_.notify_all();
}

void ChannelWorker::resume(const alerts::Alert& alert) {
  if (!channel_->between_reminders()) return;
  {
    const std::lock_guard lock(mutex_);
    resumed_.push_back(alert);
  }
  wake_.notify_all();
}

void ChannelWorker::test(const alerts::Alert& alert, std::function<void(const Delivery&)> done) {
  Test test{channel_->payload({alerts::Notice::Kind::raised, alert}), std::move(done)};
  {
    const std::lock_guard lock(mutex_);
    tests_.push_back(std::move(test));
  }
  wake_.notify_all();
}

alerts::ChannelState ChannelWorker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void ChannelWorker::load_spool() {
  if (!spool_) return;
  std::vector<Spool::Item> kept = spool_->load();
  const std::lock_guard lock(mutex_);
  for (auto item = kept.rbegin(); item != kept.rend(); ++item) {
    items_.push_front({std::move(item->payload), item->number});
  }
  state_.waiting = items_.size();
}

// Before the first try, so that nothing is lost if the daemon is killed meanwhile. In their order:
// what comes after one that the disk does not take waits with it.
void ChannelWorker::keep_waiting_ones(std::unique_lock<std::mutex>& lock) {
  while (items_.size() > kMaxWaiting) drop_first();
  if (!spool_) return;
  const bool is_too_early =
      next_spooling_ != Clock::time_point::max() && Clock::now() < next_spooling_ && !stopping_;
  if (is_too_early) return;
  next_spooling_ = Clock::time_point::max();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].file != 0 || keep_one(lock, i)) continue;
    next_spooling_ = Clock::now() + kBetweenSpoolings;
    return;
  }
}

bool ChannelWorker::keep_one(std::unique_lock<std::mutex>& lock, std::size_t index) {
  const std::string payload = items_[index].payload;
  lock.unlock();  // others only add behind
  const Result<std::uint64_t> kept = spool_->add(payload);
  if (!kept && !std::exchange(told_spool_trouble_, true)) {
    on_trouble_(kept.error().to_line() + "; it waits in memory until it can be kept");
  }
  if (kept) told_spool_trouble_ = false;
  lock.lock();
  if (kept) items_[index].file = *kept;
  return kept.has_value();
}

void ChannelWorker::drop_first() {
  if (spool_ && items_.front().file != 0) spool_->remove(items_.front().file);
  items_.pop_front();
  ++state_.failed;
  state_.waiting = items_.size();
}

// With the lock held, as the next one.
void ChannelWorker::note_works() {
  state_.trouble.clear();
  pause_ = kFirstPause;
  next_try_ = {};
  told_trouble_ = false;
}

void ChannelWorker::note(const Delivery& delivery) {
  if (delivery.result == Delivery::Result::stopped) return;
  if (delivery.result == Delivery::Result::done) {
    ++state_.delivered;
    note_works();
    return;
  }
  const bool again = delivery.result == Delivery::Result::retry;
  if (std::exchange(state_.trouble, delivery.text) != delivery.text || !told_trouble_) {
    told_trouble_ = true;
    on_trouble_("alerts by " + state_.name + ": " + delivery.text +
                (again ? "; it is tried again" : ""));
  }
  if (again) {
    next_try_ = Clock::now() + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
  }
}

void ChannelWorker::deliver_first(std::unique_lock<std::mutex>& lock) {
  const std::string payload = items_.front().payload;
  lock.unlock();
  const Delivery delivery = channel_->deliver(payload, stop_.get());
  lock.lock();
  note(delivery);
  if (delivery.result == Delivery::Result::failed) return drop_first();
  if (delivery.result != Delivery::Result::done) return;
  if (spool_ && items_.front().file != 0) spool_->remove(items_.front().file);
  items_.pop_front();
  state_.waiting = items_.size();
}

// The log is not told: whoever asked is.
void ChannelWorker::run_test(std::unique_lock<std::mutex>& lock) {
  const Test test = std::move(tests_.front());
  tests_.pop_front();
  lock.unlock();
  const Delivery delivery = channel_->deliver(test.payload, stop_.get());
  lock.lock();
  const bool has_failed =
      delivery.result == Delivery::Result::retry || delivery.result == Delivery::Result::failed;
  if (has_failed) {
    state_.trouble = delivery.text;
  } else if (delivery.result == Delivery::Result::done && !test.payload.empty()) {
    note_works();  // one without a payload went nowhere, which shows nothing
  }
  lock.unlock();
  test.done(delivery);
  lock.lock();
}

ChannelWorker::Clock::time_point ChannelWorker::next_wake() const {
  return items_.empty() ? next_reminder_ : std::min(next_try_, next_spooling_);
}

void ChannelWorker::run() {
  sigset_t all;  // signals are for the main thread
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  load_spool();
  if (const auto between = channel_->between_reminders()) next_reminder_ = Clock::now() + *between;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    keep_waiting_ones(lock);
    if (stopping_) return;
    while (!resumed_.empty()) {
      channel_->resume(resumed_.front());
      resumed_.pop_front();
      next_reminder_ = Clock::now();
    }
    const auto now = Clock::now();
    if (!tests_.empty()) {
      run_test(lock);
    } else if (!items_.empty() && now >= next_try_) {
      deliver_first(lock);
    } else if (items_.empty() && now >= next_reminder_) {
      lock.unlock();
      const Delivery delivery = channel_->remind(stop_.get());
      lock.lock();
      next_reminder_ = Clock::now() + channel_->between_reminders().value_or(kLongestPause);
      if (delivery.result != Delivery::Result::done) note(delivery);
    } else {
      const auto has_news = [&, waiting = items_.size()] {
        return stopping_ || !tests_.empty() || !resumed_.empty() || items_.size() != waiting;
      };
      const auto until = next_wake();
      if (until == Clock::time_point::max()) {
        wake_.wait(lock, has_news);
      } else {
        wake_.wait_until(lock, until, has_news);
      }
    }
  }
  keep_waiting_ones(lock);
}

}  // namespace memwatch::notify
