// Ways from roots to blocks, as text: what `--who-holds` prints. Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "collector/analysis/holders.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

// The root of a way in words: "variable g_cache + 16 (server)", "stack of thread 4711".
std::string root_phrase(const model::HolderPath& path);

// `question`: the address or pattern that was asked for. Also where nothing was found.
std::string render_holders(const model::Session& session,
                           const std::vector<analysis::Holder>& holders,
                           const std::string& question, const RenderOptions& options);

// The word of a root kind in the JSON report.
std::string_view root_kind_name(model::RootKind kind);

}  // namespace memwatch::render
