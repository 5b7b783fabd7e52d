#include "collector/daemon/operation_log.h"

#include <algorithm>
#include <utility>

namespace memwatch::daemon {

namespace {

// The next daemon knows what is already in the history by its time, so two clocks have to be read
// as one also where something else has the processor meanwhile.
std::int64_t wall_ms_of(OperationLog::Clock::time_point at) {
  using std::chrono::milliseconds;
  constexpr int kMostTries = 20;
  constexpr milliseconds kAtOnce{1};
  std::chrono::system_clock::duration wall{};
  OperationLog::Clock::duration age{}, between{};
  for (int tries = 0; tries < kMostTries && (tries == 0 || between > kAtOnce); ++tries) {
    const auto before = OperationLog::Clock::now();
    wall = std::chrono::system_clock::now().time_since_epoch();
    between = OperationLog::Clock::now() - before;
    age = before - at;
  }
  return std::chrono::duration_cast<milliseconds>(wall - age).count();
}

}  // namespace

void OperationLog::add(const history::ProcessKey& process, const recording::Alert& alert,
                       history::OperationKind kind, Clock::time_point at) {
  if (operations_.size() >= kMost) {
    const auto alike =
        std::find_if(operations_.rbegin(), operations_.rend(), [&](const history::Operation& kept) {
          return kept.process == process && kept.kind == kind;
        });
    if (alike != operations_.rend()) {
      ++alike->more;
      return;
    }
  }
  history::Operation& operation = operations_.emplace_back();
  operation.process = process;
  operation.time_ms = wall_ms_of(at);
  operation.kind = kind;
  operation.function = function_name(alert.function);
  operation.tid = alert.tid;
  operation.size = alert.size;
  operation.error_number = alert.error_number;
  operation.is_remembered = alert.at < 0;
}

std::vector<history::Operation> OperationLog::take() {
  return std::exchange(operations_, {});
}

}  // namespace memwatch::daemon
