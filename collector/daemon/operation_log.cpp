#include "collector/daemon/operation_log.h"

#include <algorithm>
#include <utility>

namespace memwatch::daemon {

namespace {

std::int64_t wall_ms_of(OperationLog::Clock::time_point at) {
  using std::chrono::milliseconds;
  const auto age = OperationLog::Clock::now() - at;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now - age).count();
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
