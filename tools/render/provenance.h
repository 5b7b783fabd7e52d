// What a file in another program's format says of where it comes from, in the comments or
// description that the format has room for: who recorded what, and how far to believe it.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::render {

// Sentences of one line each: the recorder, the process, and where they apply that the recording is
// a sample, is idle, was cut short or has lost events.
std::vector<std::string> provenance(const model::Session& session, const model::Process& process);

// The command and its arguments, separated by blanks, on one line; the program where there is none.
std::string command_line(const model::Process& process);

}  // namespace memwatch::render
