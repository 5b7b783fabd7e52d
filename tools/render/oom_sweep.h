// What `memwatch oom-sweep` found, as text (findings with their stacks and how to repeat them, the
// rest in a line each) and as JSON, schema "memwatch.oom-sweep/1" (docs/failure-injection.md).
// `session`: of the undisturbed run, with names for the stacks of the runs.
// Thread safety: read-only. Errors: the output's own.
#pragma once

#include "collector/analysis/oom_sweep.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

void write_oom_sweep_text(const analysis::OomSweep& sweep, const model::Session& session,
                          const RenderOptions& options, Output& output);
void write_oom_sweep_json(const analysis::OomSweep& sweep, const model::Session& session,
                          Output& output);

// "memwatch run --inject-failure 'site=…,nth=1' -- ./app"
std::string reproducing_command(const analysis::OomSweep& sweep, const analysis::SweptRun& run);

}  // namespace memwatch::render
