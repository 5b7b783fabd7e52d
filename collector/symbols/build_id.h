// The build id of an ELF file: the note that linkers write so that a binary, its separate debug
// file and a recording of it can be matched. Thread-safe. The file is taken as hostile.
#pragma once

#include <string>

#include "collector/base/result.h"

using Elf = struct Elf;

namespace memwatch::symbols {

// Lower-case hex, "" where the file has none. Errors: not there, not readable, not ELF.
Result<std::string> read_build_id(const std::string& path);

// The same of a file already opened with libelf.
std::string build_id_of(Elf* elf);

// Whether this can be a build id: an even number of hex digits, at least two bytes and at most 64.
bool is_build_id(const std::string& text);

}  // namespace memwatch::symbols
