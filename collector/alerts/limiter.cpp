#include "collector/alerts/limiter.h"

#include <algorithm>

namespace memwatch::alerts {

std::size_t Limiter::in_last_hour(double now) const {
  return static_cast<std::size_t>(
      std::count_if(raised_.begin(), raised_.end(), [now](double at) { return at > now - kHour; }));
}

std::optional<Held> Limiter::why_not(const ProcessKey& process, const std::string& subject,
                                     double cooldown, double now) const {
  const auto last = last_.find({process, subject});
  if (last != last_.end() && now < last->second + cooldown) return Held::cooldown;
  if (in_last_hour(now) >= per_hour_) return Held::hourly;
  return std::nullopt;
}

void Limiter::raised(const ProcessKey& process, const std::string& subject, double at) {
  while (!raised_.empty() && raised_.front() <= at - kHour) raised_.pop_front();
  raised_.insert(std::upper_bound(raised_.begin(), raised_.end(), at), at);
  double& last = last_.try_emplace({process, subject}, at).first->second;
  last = std::max(last, at);
}

void Limiter::held_back(Type type, const ProcessKey& process, Held why, std::uint64_t count,
                        std::int64_t wall_ms) {
  Suppressed& row = rows_[{type, process, why}];
  row.type = type;
  row.process = process;
  row.why = why;
  row.count += count;
  row.last_ms = wall_ms;
  in_all_ += count;
  if (rows_.size() <= kMaxRows) return;
  const auto oldest = std::min_element(
      rows_.begin(), rows_.end(),
      [](const auto& a, const auto& b) { return a.second.last_ms < b.second.last_ms; });
  rows_.erase(oldest);  // it stays in the sum
}

void Limiter::forget(const ProcessKey& process) {
  std::erase_if(last_, [&](const auto& entry) { return entry.first.first == process; });
}

std::vector<Suppressed> Limiter::suppressed() const {
  std::vector<Suppressed> rows;
  for (const auto& [key, row] : rows_) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Suppressed& a, const Suppressed& b) { return a.last_ms > b.last_ms; });
  return rows;
}

}  // namespace memwatch::alerts
