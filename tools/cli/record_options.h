// The options that `run` and `attach` share, and what becomes of them.
// Thread safety: none.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/suppressions.h"
#include "collector/base/result.h"
#include "collector/recording/recorder.h"
#include "tools/cli/text_options.h"

namespace memwatch::cli {

inline constexpr std::array<std::string_view, 3> kLeakChecks = {"auto", "full", "none"};

struct RecordOptions {
  std::string output = "memwatch-%e-%p.mw";
  std::string json;
  std::string mode = "exact";
  std::uint64_t sample_interval = 512U << 10;
  std::string on_full;  // the command's default is set by the command
  std::uint64_t large = 1ULL << 30;
  std::uint64_t rss_interval_ms = 100;
  std::string leak_check = "auto";
  std::vector<std::string> suppression_files;
  bool follow = true;
  bool quiet = false;
  bool verbose = false;
  TextOptions text;
};

void add_record_options(CLI::App& app, RecordOptions& options, const std::string& default_on_full);

recording::RecorderOptions recorder_options(const RecordOptions& options,
                                            std::vector<std::string> command);

// Those of --suppressions, in their order. An error names file and line.
Result<std::vector<analysis::Suppression>> read_suppressions(const std::vector<std::string>& files);

// %p pid, %e name of the program, %h host, %% a percent sign.
std::string expand_session_name(const std::string& pattern, pid_t pid, const std::string& exe);

}  // namespace memwatch::cli
