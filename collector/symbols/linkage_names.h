// Names of functions as the linker has them ("_ZN5cache6insertEi"), for formats that want them
// beside the readable ones. A session does not keep them: they are looked up in the symbol tables
// of the files that are still here, the same builds, and are empty for others. Never fails. Not
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "collector/model/session.h"
#include "collector/symbols/symbolize_options.h"

namespace memwatch::symbols {

// By code address; of functions inlined there nothing is said.
std::vector<std::string> linkage_names(const model::Session& session,
                                       const std::vector<model::CodeAddressId>& addresses,
                                       const SymbolizeOptions& options);

}  // namespace memwatch::symbols
