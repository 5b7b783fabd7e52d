// What happens when a recording ends, whichever command made it: names for every stack, the end of
// the session file, the JSON report, the summary.
// Thread safety: none.
#pragma once

#include <string>

#include "collector/recording/recorder.h"
#include "tools/cli/record_options.h"

namespace memwatch::cli {

// Marks what the suppressions (and the built-in ones) take out of the leaks before all that.
// Prints warnings for what could not be written. False when something that was asked for (the
// session file, the JSON report) is not there.
bool end_recording(recording::Recorder& recorder, const RecordOptions& options,
                   const std::vector<analysis::Suppression>& suppressions,
                   const std::string& session_path);

// The whole session as JSON; "-" is standard output.
Result<void> write_json(const model::Session& session, const std::string& path);

}  // namespace memwatch::cli
