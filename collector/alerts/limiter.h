// How often somebody is told. What is held back is counted, by type and process, so that it can be
// shown. Times in seconds of a steady clock, handed in. One owner, not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "collector/alerts/alert.h"

namespace memwatch::alerts {

enum class Held : std::uint8_t { cooldown, hourly };

// What was held back of one type and process, for one reason.
struct Suppressed {
  Type type = Type::threshold;
  ProcessKey process;
  Held why = Held::cooldown;
  std::uint64_t count = 0;
  std::int64_t last_ms = 0;  // wall clock
};

class Limiter {
 public:
  static constexpr double kHour = 3600;
  static constexpr std::size_t kMaxRows = 200;  // of suppressed(); the oldest are summed up

  void set_per_hour(std::size_t most) { per_hour_ = most; }

  // May an alert of this subject be raised? Else why not.
  [[nodiscard]] std::optional<Held> why_not(const ProcessKey& process, const std::string& subject,
                                            double cooldown, double now) const;
  void raised(const ProcessKey& process, const std::string& subject, double at);
  void held_back(Type type, const ProcessKey& process, Held why, std::uint64_t count,
                 std::int64_t wall_ms);

  // A process that is gone needs no cool-down any more.
  void forget(const ProcessKey& process);

  [[nodiscard]] std::vector<Suppressed> suppressed() const;  // the latest first
  [[nodiscard]] std::uint64_t suppressed_in_all() const { return in_all_; }
  [[nodiscard]] std::size_t in_last_hour(double now) const;

 private:
  std::size_t per_hour_ = 10;
  std::deque<double> raised_;  // in the last hour, oldest first
  std::map<std::pair<ProcessKey, std::string>, double> last_;
  std::map<std::tuple<Type, ProcessKey, Held>, Suppressed> rows_;
  std::uint64_t in_all_ = 0;
};

}  // namespace memwatch::alerts
