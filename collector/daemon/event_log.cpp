#include "collector/daemon/event_log.h"

#include <algorithm>

namespace memwatch::daemon {

namespace {

// The same moment, computed from the same clock once by each daemon.
constexpr std::chrono::milliseconds kSameMoment{50};

bool is_same(const Event& a, const Event& b) {
  return a.pid == b.pid && a.tid == b.tid && a.kind == b.kind && a.function == b.function &&
         a.size == b.size && a.error_number == b.error_number;
}

}  // namespace

void EventLog::add(Event event, Clock::time_point at) {
  // One alone, so that of several alike each takes the place of one.
  const auto known = std::find_if(events_.begin(), events_.end(), [&](const Dated& other) {
    return other.is_restored && is_same(other.event, event) &&
           std::chrono::abs(other.at - at) <= kSameMoment;
  });
  if (known != events_.end()) events_.erase(known);
  event.id = ++last_id_;
  ++seen_;
  events_.push_back({std::move(event), at});
  if (events_.size() > kMaxEvents) events_.pop_front();
}

void EventLog::restore(std::vector<Earlier> events) {
  std::deque<Dated> told = events_;
  std::uint64_t id = events_.empty() ? last_id_ + 1 : events_.front().event.id;
  for (auto at = events.rbegin(); at != events.rend() && id > 1; ++at) {
    const auto again = std::find_if(told.begin(), told.end(), [&](const Dated& other) {
      return is_same(other.event, at->event) && std::chrono::abs(other.at - at->at) <= kSameMoment;
    });
    if (again != told.end()) {
      told.erase(again);
      continue;
    }
    if (events_.size() >= kMaxEvents) break;
    at->event.id = --id;
    events_.push_front({std::move(at->event), at->at, true});
  }
}

std::vector<Event> EventLog::latest_first(Clock::time_point now) const {
  std::vector<Event> events;
  for (const Dated& dated : events_) {
    events.push_back(dated.event);
    events.back().age = std::max(0.0, std::chrono::duration<double>(now - dated.at).count());
  }
  // What a process did before it was attached to is told later than it happened.
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.age != b.age ? a.age < b.age : a.id > b.id;
  });
  return events;
}

}  // namespace memwatch::daemon
