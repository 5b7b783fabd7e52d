#include "collector/daemon/event_log.h"

#include <algorithm>

namespace memwatch::daemon {

void EventLog::add(Event event, Clock::time_point at) {
  event.id = ++seen_;
  events_.push_back({std::move(event), at});
  if (events_.size() > kMaxEvents) events_.pop_front();
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
