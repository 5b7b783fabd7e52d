// What changes, told to whoever listens: messages from the daemon's thread to many readers, each
// with a queue of its own, over one copy of every message. A reader that does not keep up is
// dropped, never slowed down for: nothing of the stream is left out for those who stay. Any thread,
// but that one thread alone publishes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace memwatch::server {

// What is to be told: a JSON object that is not empty; line breaks between its members become
// blanks.
struct LiveNews {
  std::string event, object;
};

// `event` is process, sample, alert or breakdown; `data` a JSON object on one line that begins with
// "type" (the event again) and "id".
struct LiveMessage {
  std::uint64_t id = 0;  // counted from 1, over all messages of a daemon
  std::string event, data;
};
using SharedMessage = std::shared_ptr<const LiveMessage>;

class LiveReader {
 public:
  // What may wait besides what it is told at first, which is as long as the daemon knows much.
  static constexpr std::size_t kMostMessages = 4096, kMostBytes = std::size_t{4} << 20;

  explicit LiveReader(std::function<void()> wake) : wake_(std::move(wake)) {}

  // The next one; null: nothing is there now.
  SharedMessage take();
  // It was too slow: messages are missing, so it has to be hung up on.
  [[nodiscard]] bool is_behind() const;

 private:
  friend class LiveStream;
  void add(const SharedMessage& message);
  void add_first(const std::vector<SharedMessage>& everything);

  mutable std::mutex mutex_;
  std::deque<SharedMessage> waiting_;  // guarded by mutex_, as what follows
  std::size_t first_ = 0;              // so many at the front do not count
  std::size_t bytes_ = 0;              // of the others
  bool is_behind_ = false;
  std::function<void()> wake_;  // there is something, or it is behind; called on any thread
};

class LiveStream {
 public:
  static constexpr std::size_t kMostReaders = 32;  // of one address fewer (address_shares.h)

  // May there be another one? One thread alone subscribes, so that the answer holds.
  bool is_full();
  // Whoever reads holds it; letting go of it ends the subscription.
  std::shared_ptr<LiveReader> subscribe(std::function<void()> wake);

  // Are there readers, or new ones since the last call? Cheap.
  [[nodiscard]] bool has_readers() const {
    return readers_count_.load(std::memory_order_relaxed) != 0;
  }
  [[nodiscard]] bool has_new_readers();
  // Those who came since the last call are told `everything`, and changes from now on.
  void welcome(const std::vector<LiveNews>& everything);

  // To all but those who have not been welcomed yet. Not while the readers' owner is being
  // destroyed.
  void publish(const LiveNews& news);

 private:
  void forget_those_gone_locked();
  SharedMessage make(const LiveNews& news);

  std::mutex mutex_;
  std::vector<std::weak_ptr<LiveReader>> readers_, new_readers_;  // guarded by mutex_
  std::uint64_t last_id_ = 0;                                     // of the publishing thread
  std::atomic<std::size_t> readers_count_{0};  // relaxed: news for has_readers() alone
};

}  // namespace memwatch::server
