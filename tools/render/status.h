// What the daemon knows, for a person and as JSON ("memwatch.status/1"; docs/watching.md lists the
// fields). Thread safety: pure functions. Errors: the output's own.
#pragma once

#include <string>
#include <string_view>

#include "collector/daemon/status.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

std::string status_text(const daemon::Status& status, const RenderOptions& options);

void write_status_json(const daemon::Status& status, Output& output);

// "recorded", "elsewhere", "polled": where a process's figures come from.
std::string_view source_name(daemon::Source source);

// One process, as in "processes" of the above.
void write_process_json(const daemon::ProcessStatus& process, JsonWriter& json);

}  // namespace memwatch::render
