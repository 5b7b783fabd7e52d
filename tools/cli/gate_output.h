// Where the verdict of the gate goes: the format asked for to stdout or -o, the text also to stderr
// where a person would not see it otherwise, the table to GitHub's step summary.
// Thread safety: none. Errors: the output's own.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "collector/base/result.h"
#include "collector/gate/gate_report.h"
#include "tools/cli/text_options.h"

namespace memwatch::cli {

inline constexpr std::array<std::string_view, 5> kGateFormats = {"text", "json", "junit",
                                                                 "markdown", "github"};

struct GateOutputOptions {
  std::string format = "text";
  std::string output;
  std::uint64_t top = 3;
  std::uint64_t frames = 6;
  bool quiet = false;
  TextOptions text;
};

Result<void> write_gate_report(const gate::GateReport& report, const GateOutputOptions& options,
                               std::span<const std::string> inputs);

}  // namespace memwatch::cli
