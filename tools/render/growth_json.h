// What is thought of a process's memory, as JSON: the pattern of the whole recording with the sites
// that grow, how it went in the time before now ("memwatch.growth/1"), and what a leak check of the
// running process found ("memwatch.analysis/1", the same and `leaks`). docs/watching.md lists the
// fields. Thread safety: pure functions. Errors: the output's own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/analysis/growth.h"
#include "collector/model/session.h"
#include "tools/render/output.h"

namespace memwatch::render {

// The time before now, by the daemon's history.
struct RecentGrowth {
  double seconds = 0;                           // asked for
  std::uint64_t samples = 0;                    // that there were
  std::optional<analysis::GrowthVerdict> live;  // empty: the heap is not followed
  analysis::GrowthVerdict rss;
};

struct GrowthAnswer {
  pid_t pid = 0;
  std::string_view process;
  // Of a recorded process, with it alone; the stacks of growing sites have their symbols. Null:
  // this daemon does not record it, so resident memory is all that is known.
  const model::Session* session = nullptr;
  std::optional<RecentGrowth> recent;
  // Where the leaks were judged; null: there. Of a process that is not recorded exactly they are of
  // what was watched for a while.
  const model::Session* judged = nullptr;
  // What is live was not freed until the end, so it is told where no more is known of it.
  bool has_ended = false;
};

void write_growth_json(const GrowthAnswer& answer, Output& output);

// With the leak check of the session's process.
void write_analysis_json(const GrowthAnswer& answer, Output& output);

}  // namespace memwatch::render
