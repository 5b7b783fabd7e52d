// Options with meaning: sizes, durations, choices. Each checks its value while the command line is
// parsed, so that a mistake is a usage error with the remedy in it.
// The target must outlive the parse; it holds the default until then, which the help shows.
// Thread safety: none.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::cli {

// default_text is what the help shows, "" for nothing.
CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& target,
                      const std::string& description, const std::string& default_text = "");

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& target,
                          const std::string& description, const std::string& default_text = "",
                          std::chrono::nanoseconds bare_unit = std::chrono::seconds(1));

// One of `choices` (which must have static storage). The help lists them; target is the default.
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& target,
                        std::span<const std::string_view> choices, const std::string& description);

// A whole number from 0 to most.
CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint64_t& target,
                       std::uint64_t most, const std::string& description,
                       const std::string& default_text = "");

// A file each time it is given. What follows the file is not the option's: a vector's option takes
// all that comes, and so the PID or the command after it.
CLI::Option* add_files(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                       const std::string& description);

}  // namespace memwatch::cli
