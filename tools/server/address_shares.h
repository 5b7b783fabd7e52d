// What the HTTP server may be asked by each address, so that one cannot use up what is there for
// all: connections at once, listeners of the live stream among them, requests a second. Addresses
// are named by the caller. Any thread: a connection may end on one that answers late. The clock is
// given.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace memwatch::server {

class AddressShares {
 public:
  using Clock = std::chrono::steady_clock;
  // An address has half of what there is.
  static constexpr std::size_t kMostConnections = 128, kMostOfAnAddress = 64;
  static constexpr std::size_t kMostListenersOfAnAddress = 16;  // LiveStream counts them all
  static constexpr unsigned kPerSecond = 200, kBurst = 400;
  static constexpr unsigned kPerSecondOfAnAddress = 100, kBurstOfAnAddress = 200;
  static constexpr std::size_t kMostAddresses = 1024;  // that are remembered

  explicit AddressShares(Clock::time_point now) : all_(kPerSecond, kBurst, now) {}

  // A connection that may be; false: it may not, there are too many. Each that may be is closed
  // once.
  bool open(const std::string& address, Clock::time_point now);
  void close(const std::string& address);
  // The same of a connection that begins to listen, besides.
  bool begin_listening(const std::string& address);
  void end_listening(const std::string& address);
  // A request that may be answered, of an address with a connection. One that may not takes nothing
  // from the others.
  bool ask(const std::string& address, Clock::time_point now);

 private:
  // So many requests at once, and more at a rate.
  class Bucket {
   public:
    Bucket(unsigned per_second, unsigned burst, Clock::time_point now)
        : per_second_(per_second), burst_(burst), left_(burst), last_(now) {}
    bool has_one(Clock::time_point now);
    void take() { left_ -= 1; }
    [[nodiscard]] Clock::time_point last() const { return last_; }

   private:
    double per_second_, burst_, left_;
    Clock::time_point last_;
  };
  struct Share {
    std::size_t connections = 0, listeners = 0;
    Bucket requests;
  };

  Share& share_of_locked(const std::string& address, Clock::time_point now);

  std::mutex mutex_;
  std::size_t connections_ = 0;  // guarded by mutex_, as what follows
  Bucket all_;
  std::map<std::string, Share> shares_;
};

}  // namespace memwatch::server
