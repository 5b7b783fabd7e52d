// A command that is a question to the daemon: asks, prints the answer where it belongs.
// Thread safety: none. Returns the exit status.
#pragma once

#include <string>
#include <vector>

namespace memwatch::cli {

// `if_empty`: a line for stderr where the answer is an empty text; "" for nothing.
int print_daemon_answer(const std::vector<std::string>& words, const std::string& if_empty = {});

}  // namespace memwatch::cli
