// What a process did with a large block, or failed to do, as it is kept. Plain data; sizes in
// bytes, times in milliseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/history/sample.h"

namespace memwatch::history {

enum class OperationKind : std::uint8_t { large, reallocation, release, failure };

struct Operation {
  ProcessKey process;
  std::int64_t time_ms = 0;
  OperationKind kind = OperationKind::large;
  std::string function;
  std::uint32_t tid = 0;
  std::uint64_t size = 0;
  int error_number = 0;    // of a failure
  std::uint64_t more = 0;  // of the same kind in the same second, too many to be kept one by one
  // It happened before the recording began and was remembered by the process itself, so that an
  // earlier recording may have told of it. All that a process remembers comes in one batch.
  bool is_remembered = false;
};

std::string_view operation_name(OperationKind kind);
std::optional<OperationKind> operation_named(std::string_view name);

}  // namespace memwatch::history
