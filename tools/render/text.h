// The views of a session as text for a person in a terminal.
// Callers: `memwatch report`. Thread safety: as the selection's. Errors: none; an empty view says
// what to do instead.
#pragma once

#include <string>
#include <vector>

#include "collector/analysis/selection.h"
#include "tools/render/render_options.h"
#include "tools/render/view.h"

namespace memwatch::render {

// session_path stands in the commands that the text suggests.
std::string render_text(const analysis::Selection& selection, View view,
                        const std::string& session_path, const RenderOptions& options);

// The stacks that render_text would show: what has to be symbolised before.
std::vector<model::StackId> stacks_in_view(const analysis::Selection& selection, View view,
                                           const RenderOptions& options);

}  // namespace memwatch::render
