// Who uses the heap of a process, as JSON ("memwatch.consumers/1"; docs/watching.md lists the
// fields). Thread safety: pure function. Errors: the output's own.
#pragma once

#include <string_view>
#include <vector>

#include "collector/analysis/consumers.h"
#include "tools/render/output.h"

namespace memwatch::render {

// `by`: "site" or "module". The stacks of sites must have their symbols.
void write_consumers_json(const model::Session& session, const model::Process& process,
                          std::string_view by, const std::vector<analysis::Consumer>& consumers,
                          Output& output);

}  // namespace memwatch::render
