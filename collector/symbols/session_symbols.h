// Symbolises addresses of a session, on several threads. Blocks until done; the session belongs to
// this call meanwhile. Never fails: what cannot be known stays empty, and the notes say why.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "collector/model/session.h"
#include "collector/symbols/module_note.h"
#include "collector/symbols/symbolize_options.h"

namespace memwatch::symbols {

// Called on the calling thread, about ten times a second and once at the end, with the number of
// addresses done and of all.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

// session.symbols is resized to code_addresses, and the entries of `wanted` are filled in; ids that
// the session does not have are passed over, and so are addresses that already have frames (a
// recording brings its own, which may know more than this machine does). Returns a note for each
// module whose symbols are missing or thin, in the order of the session's modules.
std::vector<ModuleNote> symbolize_session(model::Session& session,
                                          std::span<const model::CodeAddressId> wanted,
                                          const SymbolizeOptions& options,
                                          const Progress& progress = {});

}  // namespace memwatch::symbols
