// The formats of `report` that other programs read (all but text and json): which options each of
// them can honour, and their way from a selection to bytes. An option that a format cannot honour
// is refused rather than passed over, since the file would not be what was asked for.
// Thread safety: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"
#include "collector/base/result.h"
#include "tools/render/output.h"

namespace memwatch::cli {

struct FormatRequest {
  std::string format;
  std::string file;  // "" or "-": standard output; heaptrack is compressed as its name says
  analysis::Cost cost = analysis::Cost::peak;
  std::size_t top = 0;             // 0: all
  std::vector<std::string> given;  // of "--view", "--cost", "--filter", "--exclude", "--top"
};

// Before the session is read. Errors: kind usage.
Result<void> check_format(const FormatRequest& request);

// Once it is: whether the format can show it. Warns where one of several programs is shown.
// Errors: kind usage, or damaged where the session has no process.
Result<void> check_format(const FormatRequest& request, const analysis::Selection& selection);

// False where it is none of these formats. Errors: compression's; write errors are the output's.
Result<bool> write_format(const FormatRequest& request, const analysis::Selection& selection,
                          render::Output& output);

}  // namespace memwatch::cli
