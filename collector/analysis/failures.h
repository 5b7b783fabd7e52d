// Allocations that failed, the ones asked for most often first.
// Thread safety: as the selection's. Errors: none. Rows point into the session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct FailureRow {
  const model::Process* process = nullptr;
  const model::Failure* failure = nullptr;
};

struct FailureReport {
  std::vector<FailureRow> rows;  // most frequent first, then by time
  std::uint64_t total = 0;       // calls that failed, over the selected processes
  std::uint64_t selected = 0;    // of those in rows
  std::uint64_t injected = 0;    // of those in rows, made to fail on purpose
};

FailureReport find_failures(const Selection& selection);

// "ENOMEM" for 12; "" for 0; "errno 4711" for one without a name here.
std::string errno_name(std::int32_t error_number);

}  // namespace memwatch::analysis
