#include "tools/server/address_shares.h"

#include <algorithm>

namespace memwatch::server {

bool AddressShares::Bucket::has_one(Clock::time_point now) {
  left_ =
      std::min(burst_, left_ + std::chrono::duration<double>(now - last_).count() * per_second_);
  last_ = now;
  return left_ >= 1;
}

AddressShares::Share& AddressShares::share_of_locked(const std::string& address,
                                                     Clock::time_point now) {
  if (const auto known = shares_.find(address); known != shares_.end()) return known->second;
  if (shares_.size() >= kMostAddresses) {
    // The one that asked longest ago. There are fewer connections than addresses, so one has none.
    auto oldest = shares_.end();
    for (auto at = shares_.begin(); at != shares_.end(); ++at) {
      if (at->second.connections != 0) continue;
      const bool is_older =
          oldest == shares_.end() || at->second.requests.last() < oldest->second.requests.last();
      if (is_older) oldest = at;
    }
    if (oldest != shares_.end()) shares_.erase(oldest);
  }
  return shares_.try_emplace(address, Share{0, 0, {kPerSecondOfAnAddress, kBurstOfAnAddress, now}})
      .first->second;
}

bool AddressShares::open(const std::string& address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= kMostConnections) return false;
  Share& share = share_of_locked(address, now);
  if (share.connections >= kMostOfAnAddress) return false;
  ++share.connections;
  ++connections_;
  return true;
}

void AddressShares::close(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto known = shares_.find(address);
  if (known == shares_.end() || known->second.connections == 0) return;
  --known->second.connections;
  --connections_;
}

bool AddressShares::begin_listening(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto known = shares_.find(address);
  if (known == shares_.end() || known->second.listeners >= kMostListenersOfAnAddress) return false;
  ++known->second.listeners;
  return true;
}

void AddressShares::end_listening(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto known = shares_.find(address);
  if (known != shares_.end() && known->second.listeners != 0) --known->second.listeners;
}

bool AddressShares::ask(const std::string& address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Share& share = share_of_locked(address, now);
  if (!share.requests.has_one(now) || !all_.has_one(now)) return false;
  share.requests.take();
  all_.take();
  return true;
}

}  // namespace memwatch::server
