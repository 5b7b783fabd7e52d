// The program that `run` starts: found as a shell would find it, and judged before it starts, so
// that what cannot be traced is refused with the reason instead of running untraced.
// Thread safety: reads the environment. Errors carry the exit status that `run` owes.
#pragma once

#include <string>
#include <variant>

namespace memwatch::cli {

struct Refusal {
  int exit_status;   // 126 or 127
  std::string line;  // what was attempted: on what: why (remedy)
};

// The path to execute, or why not.
std::variant<std::string, Refusal> find_target(const std::string& command);

}  // namespace memwatch::cli
