// One line on stderr for every error and warning: "memwatch: what was attempted: on what: why".
// Control characters in it (from file names, arguments) are replaced.
// Thread safety: each line is one write, lines of several threads do not mix.
#pragma once

#include <string_view>

#include "collector/base/result.h"

namespace memwatch::cli {

void print_error(std::string_view line);
void print_error(const Error& error);
void print_warning(std::string_view sentence);  // "memwatch: warning: …"
void print_note(std::string_view sentence);     // what is being done, where that takes long

}  // namespace memwatch::cli
