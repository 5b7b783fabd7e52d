// Names of variables: what lies at a place in a program's or library's data. Only symbol tables are
// asked (of the file, else of its separate debug file), not debug information.
// Never fails: what cannot be known stays empty. Not thread-safe.
#pragma once

#include "collector/model/session.h"
#include "collector/symbols/symbolize_options.h"

namespace memwatch::symbols {

// Fills in the variables at which ways to blocks begin.
void name_holders(model::Session& session, const SymbolizeOptions& options);

}  // namespace memwatch::symbols
