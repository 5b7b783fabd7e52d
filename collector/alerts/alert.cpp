#include "collector/alerts/alert.h"

#include <algorithm>

namespace memwatch::alerts {

namespace {

constexpr std::array<std::string_view, kTypeCount> kTypeNames = {
    "threshold", "pattern", "leak", "spike", "large", "failure", "pressure"};
constexpr std::array<std::string_view, 3> kSeverityNames = {"info", "warning", "critical"};

template <typename Enum, std::size_t size>
std::optional<Enum> named(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <typename List>
auto find_key(const List& list, std::string_view name) {
  return std::find_if(list.begin(), list.end(),
                      [name](const auto& entry) { return entry.first == name; });
}

}  // namespace

std::string_view type_name(Type type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::optional<Type> type_named(std::string_view name) {
  return named<Type>(kTypeNames, name);
}

std::string_view severity_name(Severity severity) {
  return kSeverityNames[static_cast<std::size_t>(severity)];
}

std::optional<Severity> severity_named(std::string_view name) {
  return named<Severity>(kSeverityNames, name);
}

double Alert::metric(std::string_view name) const {
  const auto found = find_key(metrics, name);
  return found == metrics.end() ? 0 : found->second;
}

std::string_view Alert::label(std::string_view name) const {
  const auto found = find_key(labels, name);
  return found == labels.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace memwatch::alerts
