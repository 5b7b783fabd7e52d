// The page that `memwatch run` and `memwatch attach` print at the end: readable in ten seconds, at
// most 25 lines, ending with the next command to type. Thread safety: read-only. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "collector/model/session.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

inline constexpr std::size_t kRunSummaryLines = 25;

// path_of_session stands in the command at the end; "" where no session was written.
std::string render_run_summary(const model::Session& session, const std::string& path_of_session,
                               const RenderOptions& options);

// The stacks it shows: symbolise these before (analysis::addresses_of gives their addresses).
std::vector<model::StackId> stacks_in_run_summary(const model::Session& session);

}  // namespace memwatch::render
