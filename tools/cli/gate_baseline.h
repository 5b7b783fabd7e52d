// The gate's baseline on disk: read, whether it is a text or a recorded session, and written.
// Thread safety: none. Errors: kind not_found with the remedy, damaged with file and line.
#pragma once

#include <string>
#include <vector>

#include "collector/analysis/suppressions.h"
#include "collector/base/result.h"
#include "collector/gate/baseline.h"

namespace memwatch::cli {

// By its first bytes. False for what cannot be read.
bool is_session_file(const std::string& path);

// remedy: the command that would make the baseline, for when there is none. Suppressions take leaks
// out of a recorded session; a text was made with its own.
Result<gate::Baseline> load_baseline(const std::string& path, const std::string& remedy,
                                     const std::vector<analysis::Suppression>& suppressions);

// Whether --update may put a baseline there: nothing, an empty file or a baseline, damaged or not.
Result<void> check_replaceable(const std::string& path);

enum class Written : std::uint8_t { written, unchanged };

// In one step, through a new file beside it: whoever reads it meanwhile finds the old or the new.
Result<Written> write_baseline(const std::string& path, const gate::Baseline& baseline);

}  // namespace memwatch::cli
