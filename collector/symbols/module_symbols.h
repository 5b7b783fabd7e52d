// Everything known about the code of one module: debug information first, then symbol tables.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "collector/model/session.h"
#include "collector/symbols/dwarf_symbols.h"
#include "collector/symbols/image.h"
#include "collector/symbols/mini_debug_info.h"
#include "collector/symbols/module_note.h"
#include "collector/symbols/symbol_table.h"
#include "collector/symbols/symbolize_options.h"

namespace memwatch::symbols {

class ModuleSymbols {
 public:
  // Never fails: what cannot be read is left out and said in note().
  ModuleSymbols(const model::Module& module, const SymbolizeOptions& options);

  // Of an ELF virtual address inside an instruction. Empty when nothing is known.
  model::Symbols find(std::uint64_t address);

  // What is missing; nothing when functions and lines are there.
  [[nodiscard]] const std::optional<ModuleNote>& note() const { return note_; }

 private:
  void load_debug_info(const std::string& path, const CodeRanges& is_code);
  void load_symbol_tables(const CodeRanges& is_code);
  void explain_gaps(const std::string& path);

  Image image_;
  std::unique_ptr<DwarfSymbols> dwarf_;  // null without debug information
  MiniDebugInfo mini_;
  SymbolTable table_;
  bool has_local_symbols_ = false;  // a full symbol table, not only what is exported
  std::optional<ModuleNote> note_;
};

}  // namespace memwatch::symbols
