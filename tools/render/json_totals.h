// What the JSON of a session and of the daemon's status say alike of a process's calls.
// Thread safety: pure function. Errors: none.
#pragma once

#include <string>

#include "collector/analysis/leaks.h"
#include "collector/model/session.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

// Members of the object that is being written.
inline void write_calls(JsonWriter& json, const model::Totals& totals) {
  json.member("allocations", totals.allocations);
  json.member("frees", totals.frees);
  json.member("reallocations", totals.reallocations);
  json.member("allocated_bytes", totals.allocated_bytes);
  json.member("freed_bytes", totals.freed_bytes);
  json.member("failed", totals.failed);
  json.member("large", totals.large);
}

inline void write_leak_sums(JsonWriter& json, const analysis::KindSums& sums) {
  using model::LeakKind;
  for (const LeakKind kind :
       {LeakKind::definite, LeakKind::indirect, LeakKind::possible, LeakKind::reachable}) {
    const std::string name(analysis::leak_kind_name(kind));
    json.member(name + "_bytes", sums[kind].bytes);
    json.member(name + "_blocks", sums[kind].blocks);
  }
  json.member("suppressed_bytes", sums.suppressed.bytes);
  json.member("suppressed_blocks", sums.suppressed.blocks);
}

// Only where it was no more than that.
inline void write_watched(JsonWriter& json, const analysis::ProcessLeaks& leaks) {
  if (leaks.watched_seconds != 0) json.key("watched_seconds").real(leaks.watched_seconds);
}

}  // namespace memwatch::render
