// A session file made ready for a report: read, with warnings printed, and symbolised where it has
// no names yet and the binaries are still here.
// Thread safety: none. Errors: load returns the reader's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/model/session.h"

namespace memwatch::cli {

// Warnings (a recording that was cut short) go to stderr.
Result<model::Session> load_session(const std::string& path);

// Fills in the names of these stacks, with a progress line. Tells on stderr where a binary is not
// the one that was recorded, since its names would be wrong.
void symbolize_stacks(model::Session& session, std::span<const model::StackId> stacks);

// Every stack that a report of the session could mention.
std::vector<model::StackId> all_stacks(const model::Session& session);

// Names as the linker has them, by code address, for the stacks of one process.
std::vector<std::string> linkage_names(const model::Session& session,
                                       const model::Process& process);

// The variables at which ways to blocks begin.
void name_holders(model::Session& session);

}  // namespace memwatch::cli
