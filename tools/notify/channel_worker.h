// A channel's thread, queue and patience. What cannot be delivered is tried again after 1, 2, 4 …
// up to 300 seconds, in its order; beyond kMaxWaiting the oldest is given up, and counted. The same
// trouble is told once, until something has been delivered. At its end what is under way is ended,
// and what waits stays in the spool if the channel keeps its queue; while the disk takes nothing it
// waits in memory alone, and is offered to the disk again.
// Any thread may call; callbacks come from the worker's thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "collector/alerts/alert_status.h"
#include "collector/base/unique_fd.h"
#include "tools/notify/channel.h"
#include "tools/notify/spool.h"

namespace memwatch::notify {

class ChannelWorker {
 public:
  static constexpr std::size_t kMaxWaiting = Spool::kMaxFiles;

  // `spool_directory`: of this channel alone. `on_trouble`: a sentence for the log.
  ChannelWorker(std::unique_ptr<Channel> channel, const std::string& spool_directory,
                std::function<void(const std::string&)> on_trouble);
  ~ChannelWorker();
  ChannelWorker(const ChannelWorker&) = delete;
  ChannelWorker& operator=(const ChannelWorker&) = delete;

  void notify(const alerts::Notice& notice);
  void resume(const alerts::Alert& alert);
  // Before whatever waits, once, without a second try. Counts as no alert, but what it shows of the
  // channel, trouble or that there is none any more, is the state from then on.
  void test(const alerts::Alert& alert, std::function<void(const Delivery&)> done);

  [[nodiscard]] std::string name() const { return channel_->name(); }
  [[nodiscard]] alerts::ChannelState state() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Item {
    std::string payload;
    std::uint64_t file = 0;  // in the spool; 0: not there
  };
  struct Test {
    std::string payload;
    std::function<void(const Delivery&)> done;
  };

  void run();
  void load_spool();
  void keep_waiting_ones(std::unique_lock<std::mutex>& lock);
  bool keep_one(std::unique_lock<std::mutex>& lock, std::size_t index);
  void deliver_first(std::unique_lock<std::mutex>& lock);
  void drop_first();
  void note(const Delivery& delivery);
  void note_works();
  void run_test(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Clock::time_point next_wake() const;

  std::unique_ptr<Channel> channel_;
  std::optional<Spool> spool_;
  std::function<void(const std::string&)> on_trouble_;
  UniqueFd stop_;  // readable at the end

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::deque<Item> items_;
  std::deque<Test> tests_;
  std::deque<alerts::Alert> resumed_;
  alerts::ChannelState state_;
  bool stopping_ = false;
  // Of the thread alone.
  Clock::time_point next_try_{}, next_reminder_ = Clock::time_point::max();
  Clock::time_point next_spooling_ = Clock::time_point::max();  // after one that failed
  std::chrono::seconds pause_{1};
  bool told_trouble_ = false, told_spool_trouble_ = false;
  std::thread thread_;
};

}  // namespace memwatch::notify
