// Where a command's result goes: standard output, or the file of -o, never one of its inputs.
// Thread safety: none. Errors: usage for an input, system where the file cannot be written.
#pragma once

#include <span>
#include <string>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::cli {

// "" and "-" are standard output.
bool is_standard_output(const std::string& path);

// Whether it may be written there, for before there is a result. what: "write the comparison".
Result<void> check_result_path(const std::string& what, const std::string& path,
                               std::span<const std::string> inputs);

// The file is created, or emptied unless it is one of `inputs`: MEMWATCH_OUTPUT may have been set
// for another command.
Result<UniqueFd> open_result(const std::string& what, const std::string& path,
                             std::span<const std::string> inputs);

}  // namespace memwatch::cli
