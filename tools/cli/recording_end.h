// What happens when a recording ends, whichever command made it: names for every stack, the end of
// the session file, the JSON report, the summary.
// Thread safety: none.
#pragma once

#include <string>

#include "collector/recording/recorder.h"
#include "tools/cli/record_options.h"

namespace memwatch::cli {

// Prints warnings for what could not be written. False when something that was asked for (the
// session file, the JSON report) is not there.
bool end_recording(recording::Recorder& recorder, const RecordOptions& options,
                   const std::string& session_path);

}  // namespace memwatch::cli
