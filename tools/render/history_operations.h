// What was done with large blocks, and what failed, out of the history, oldest first: for a person,
// as JSON ("memwatch.history-operations/1") and as CSV.
// Thread safety: pure functions. Errors: the output's own.
#pragma once

#include <string>
#include <vector>

#include "collector/history/operation.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

// "" where there is none.
std::string operations_text(const std::vector<history::Operation>& operations,
                            const RenderOptions& options);
void write_operations_json(const std::vector<history::Operation>& operations, Output& output);
void write_operations_csv(const std::vector<history::Operation>& operations, Output& output);

}  // namespace memwatch::render
