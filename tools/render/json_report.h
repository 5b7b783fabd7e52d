// The JSON report, schema "memwatch.report/1" as the command-line contract defines it, written as a
// stream. Fields beyond the contract: heap.peak_blocks, losses.damaged_records,
// losses.children_unrecorded (then exact is false), failures[].situation, coverage, threads, sizes,
// timeline, notes, out_of_memory_kill, large_threshold, modules. Sizes in bytes, times in seconds
// since the session's start, addresses as hex strings.
//
// Stack ids count from 0 in the order in which the report refers to them, so that a stack's id is
// also its index in `stacks`; `stacks` and `frames` hold only what is referred to, each once.
// Filters leave out sites, failures, large allocations and leak records, never change totals.
// Thread safety: as the selection's. Errors: the output's own.
#pragma once

#include <cstddef>

#include "collector/analysis/cost.h"
#include "collector/analysis/growth.h"
#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

struct JsonOptions {
  std::size_t top = 0;                         // sites and leak records of each process; 0 all
  analysis::Cost cost = analysis::Cost::peak;  // which ones `top` keeps
  analysis::Sensitivity sensitivity = analysis::Sensitivity::medium;  // of verdicts on growth
};

void write_json_report(const analysis::Selection& selection, const JsonOptions& options,
                       Output& output);

// "2026-11-21T03:41:35.250Z" (RFC 3339, UTC).
std::string rfc3339(double epoch_seconds);

}  // namespace memwatch::render
