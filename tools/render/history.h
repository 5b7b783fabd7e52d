// Samples of the daemon's history, oldest first, for a person, as JSON ("memwatch.history/1") and
// as CSV. Thread safety: pure functions. Errors: the output's own.
#pragma once

#include <string>
#include <vector>

#include "collector/history/sample.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

// "" where there is none.
std::string history_text(const std::vector<history::ProcessSample>& samples,
                         const RenderOptions& options);
void write_history_json(const std::vector<history::ProcessSample>& samples, Output& output);
void write_history_csv(const std::vector<history::ProcessSample>& samples, Output& output);

}  // namespace memwatch::render
