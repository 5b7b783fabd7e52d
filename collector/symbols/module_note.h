// Why the answers about a module are empty or thinner than they could be, for a report's reader.
#pragma once

#include <cstdint>
#include <string>

namespace memwatch::symbols {

enum class ModuleNoteKind : std::uint8_t {
  unavailable,  // no file to read: gone, never was one ("[vdso]"), unreadable
  changed,      // the file there now is another build
  damaged,      // not ELF, or its contents contradict themselves
  names_only,   // function names, but no files, lines and inlined calls
  no_symbols,   // not even function names
};

struct ModuleNote {
  std::string module;  // model::Module::path
  ModuleNoteKind kind = ModuleNoteKind::unavailable;
  std::string text;  // one sentence without the module's name, with the remedy where there is one
};

}  // namespace memwatch::symbols
