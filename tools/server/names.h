// Names for what is shown of a process while it is recorded, and what is suppressed of its leaks.
// Reads debug information: seconds of a large program the first time, so never on the daemon's own
// thread. One thread at a time. Never fails: what cannot be known stays unnamed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::server {

void name_stacks(model::Session& session, std::span<const model::StackId> stacks,
                 const std::string& cache_directory);

// Every stack that a report could show.
void name_all_stacks(model::Session& session, const std::string& cache_directory);

// As the linker has them, by code address, for the sites of the first process.
std::vector<std::string> linkage_names_of(const model::Session& session,
                                          const std::string& cache_directory);

// The built-in suppressions, and those that the program brings itself. All stacks must be named.
void suppress_leaks(model::Session& session);

}  // namespace memwatch::server
