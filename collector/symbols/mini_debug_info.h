// The compressed symbol table that Fedora and its kin leave in stripped programs (.gnu_debugdata,
// "MiniDebugInfo"), unpacked by libdwfl. Not thread-safe per object; never touches the network.
#pragma once

#include <elfutils/libdwfl.h>

#include <memory>

#include "collector/symbols/elf_file.h"
#include "collector/symbols/symbol_table.h"

namespace memwatch::symbols {

class MiniDebugInfo {
 public:
  // Adds the functions it lists to the table, whose names stay valid as long as this object.
  // Returns how many; 0 where the file has no such section or libdwfl was built without LZMA.
  std::size_t add_to(SymbolTable& table, const ElfFile& file);

 private:
  struct EndDwfl {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };
  std::unique_ptr<Dwfl, EndDwfl> dwfl_;
};

}  // namespace memwatch::symbols
