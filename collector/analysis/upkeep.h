// Memory that the C library and the loader keep for themselves until the process is gone: stdio
// buffers, locale data, records of loaded libraries, libstdc++'s emergency pool. It is never freed
// and nobody's leak, so lists of what was not freed put it last.
// Recognised by functions that have kept their names for decades (glibc, libstdc++), so a program
// without them is judged as its own.
// Thread safety: read-only. Errors: none.
#pragma once

#include "collector/model/session.h"

namespace memwatch::analysis {

bool is_upkeep(const model::Session& session, model::StackId stack);

}  // namespace memwatch::analysis
