// An alert as plain data: what is raised, kept in the history, shown and sent. Times in
// milliseconds since the Unix epoch (wall clock, for show alone), sizes in bytes. No behaviour but
// names.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memwatch::alerts {

enum class Type : std::uint8_t { threshold, pattern, leak, spike, large, failure, pressure };
inline constexpr std::array<Type, 7> kTypes = {Type::threshold, Type::pattern, Type::leak,
                                               Type::spike,     Type::large,   Type::failure,
                                               Type::pressure};
inline constexpr std::size_t kTypeCount = kTypes.size();

enum class Severity : std::uint8_t { info, warning, critical };

std::string_view type_name(Type type);
std::optional<Type> type_named(std::string_view name);
std::string_view severity_name(Severity severity);
std::optional<Severity> severity_named(std::string_view name);

// Which process. Pids repeat, with the start they do not within a boot. Pid 0: the whole machine.
struct ProcessKey {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::string name;

  auto operator<=>(const ProcessKey&) const = default;
};

// The place in the program that is to be looked at; all empty where it is not known.
struct Site {
  std::string function, file, module;
  std::uint32_t line = 0;

  [[nodiscard]] bool is_known() const { return !function.empty() || !module.empty(); }
  bool operator==(const Site&) const = default;
};

struct Alert {
  std::uint64_t id = 0;  // never repeats, not after a restart either
  std::int64_t time_ms = 0;
  Type type = Type::threshold;
  Severity severity = Severity::warning;
  // What of the process it is about: "rss" of a threshold, "growth", "large". With the process it
  // names the condition: of each there is one active alert at most.
  std::string subject;
  ProcessKey process;
  std::vector<std::pair<std::string, double>> metrics;
  std::vector<std::pair<std::string, std::string>> labels;  // words: function, pattern, limit …
  Site site;
  std::string message;                       // one sentence
  std::vector<std::string> recommendations;  // what to do, most useful first
  bool is_test = false;                      // sent on request; about nothing

  bool is_resolved = false;
  std::int64_t resolved_ms = 0;
  std::string resolution;        // why
  std::uint64_t suppressed = 0;  // more of the same that were held back since

  [[nodiscard]] double metric(std::string_view name) const;           // 0 where there is none
  [[nodiscard]] std::string_view label(std::string_view name) const;  // "" where there is none
};

}  // namespace memwatch::alerts
