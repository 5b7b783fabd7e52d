#include "collector/history/operation.h"

#include <array>
#include <utility>

namespace memwatch::history {

namespace {

constexpr auto kNames = std::to_array<std::pair<OperationKind, std::string_view>>(
    {{OperationKind::large, "large"},
     {OperationKind::reallocation, "reallocation"},
     {OperationKind::release, "release"},
     {OperationKind::failure, "failure"}});

}  // namespace

std::string_view operation_name(OperationKind kind) {
  for (const auto& [value, name] : kNames) {
    if (value == kind) return name;
  }
  return kNames.front().second;
}

std::optional<OperationKind> operation_named(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace memwatch::history
