// Debug files by build id from the servers named in DEBUGINFOD_URLS, through libdebuginfod, which
// is loaded when first asked and need not be installed. Called only when the user asked for it.
// Thread-safe: one download at a time. May take as long as DEBUGINFOD_TIMEOUT allows.
#pragma once

#include <string>

#include "collector/base/result.h"
#include "collector/symbols/elf_file.h"

namespace memwatch::symbols {

// Errors: library not installed, no server named, none has it, what came is not ELF.
Result<ElfFile> download_debug_file(const std::string& build_id);

}  // namespace memwatch::symbols
