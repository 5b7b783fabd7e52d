// Code addresses to functions, files and lines. The entrance to this folder for one address at a
// time; session_symbols.h is the one for many.
//
// Not thread-safe: one per worker, since libdw is not either. Keeps the debug information of the
// modules used last open. Never fails: what cannot be known is empty, and notes() says why.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "collector/model/session.h"
#include "collector/symbols/module_note.h"
#include "collector/symbols/symbolize_options.h"

namespace memwatch::symbols {

class ModuleSymbols;

class Symbolizer {
 public:
  explicit Symbolizer(SymbolizeOptions options);
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // Innermost inlined function first, the function that holds the code last; `inlined` is true for
  // all but the last. Empty when nothing is known, also for an address of no module. A return
  // address is looked up one byte before, inside the call it returns from.
  model::Symbols symbolize(const model::Module& module, const model::CodeAddress& address);

  // One note per module used so far whose symbols are missing or thin.
  [[nodiscard]] const std::vector<ModuleNote>& notes() const { return notes_; }

 private:
  // Two descriptors and the debug information of each stay open.
  static constexpr std::size_t kMaxOpenModules = 64;

  struct Entry {
    std::string path, build_id;
    std::unique_ptr<ModuleSymbols> symbols;
  };
  ModuleSymbols* symbols_of(const model::Module& module);
  void remember(const ModuleNote& note);

  SymbolizeOptions options_;
  std::list<Entry> entries_;  // used last first
  std::vector<ModuleNote> notes_;
};

}  // namespace memwatch::symbols
