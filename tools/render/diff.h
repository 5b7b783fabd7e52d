// The outputs of `memwatch diff`, one function per format with the same arguments; a further format
// is a further function. Whoever draws stacks takes their frames from the sessions in the struct:
// analysis::frames_of(*row.session, row.stack).
//
// JSON, schema "memwatch.diff/1": metric, old, new, delta, stacks (those that changed, largest
// absolute delta first: old, new, delta, frames as in the report). Beyond the contract: complete
// and exact of each side, doubts, sums of what grew, shrank, is new, is gone, is unchanged. Old
// figures of all stacks and unchanged.amount add up to `old`, unless old_side.by_stack says less,
// which is so for sessions that have no stacks (--mode idle). Thread safety: read-only. Errors: the
// output's own.
#pragma once

#include <string>
#include <vector>

#include "collector/analysis/diff.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

struct DiffContext {
  const analysis::Diff& diff;
  std::string before_path, after_path;  // for titles and for the commands that are suggested
};

void write_diff_json(const DiffContext& context, const RenderOptions& options, Output& output);
void write_diff_text(const DiffContext& context, const RenderOptions& options, Output& output);

// What makes the comparison doubtful, a sentence each, the gravest first; empty when nothing does.
std::vector<std::string> diff_doubts(const DiffContext& context);

}  // namespace memwatch::render
