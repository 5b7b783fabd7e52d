#include "collector/symbols/symbolizer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "collector/symbols/module_symbols.h"

namespace memwatch::symbols {

Symbolizer::Symbolizer(SymbolizeOptions options) : options_(std::move(options)) {}
Symbolizer::~Symbolizer() = default;

model::Symbols Symbolizer::symbolize(const model::Module& module,
                                     const model::CodeAddress& address) {
  if (address.module == model::kNone || (!address.exact && address.offset == 0)) return {};
  try {
    ModuleSymbols* const symbols = symbols_of(module);
    return symbols->find(address.exact ? address.offset : address.offset - 1);
  } catch (const std::exception& error) {  // out of memory: debug information that asks too much
    remember({module.path, ModuleNoteKind::damaged,
              std::string("symbolising it failed: ") + error.what()});
    return {};
  }
}

ModuleSymbols* Symbolizer::symbols_of(const model::Module& module) {
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.path == module.path && entry.build_id == module.build_id;
  });
  if (known != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, known);
    return known->symbols.get();
  }
  auto opened = std::make_unique<ModuleSymbols>(module, options_);
  if (opened->note()) remember(*opened->note());
  if (entries_.size() >= kMaxOpenModules) entries_.pop_back();
  entries_.push_front({module.path, module.build_id, std::move(opened)});
  return entries_.front().symbols.get();
}

void Symbolizer::remember(const ModuleNote& note) {
  const bool known = std::any_of(notes_.begin(), notes_.end(), [&](const ModuleNote& other) {
    return other.module == note.module && other.kind == note.kind && other.text == note.text;
  });
  if (!known) notes_.push_back(note);
}

}  // namespace memwatch::symbols
