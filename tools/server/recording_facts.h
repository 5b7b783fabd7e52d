// A process of a session file as the REST interface tells of processes: its state at the end of the
// recording, its samples as history, its large allocations and failures as events.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/analysis/selection.h"
#include "collector/daemon/status.h"
#include "collector/history/sample.h"
#include "collector/model/session.h"

namespace memwatch::server {

// Of many that are alike more are not told: the report has them all.
inline constexpr std::size_t kMostEventsOfProcess = 200;

struct RecordedProcess {
  daemon::ProcessStatus status;  // without `pid`, and `ended_ago` of no moment yet
  double ended_at = 0;           // since the Unix epoch: the last that is known
  std::vector<history::ProcessSample> samples;
  std::vector<daemon::Event> events;  // latest first; `age` at the end of the recording
  std::uint64_t events_seen = 0;
};

// `selection`: of the whole session that the process belongs to. `file`: as it was named.
RecordedProcess facts_of(const model::Process& process, const analysis::Selection& selection,
                         const std::string& file);

}  // namespace memwatch::server
