#include "collector/symbols/module_symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "collector/symbols/debug_file_search.h"
#include "collector/symbols/demangle.h"

namespace memwatch::symbols {
namespace {

bool same_but_for_underscores(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('_'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('_'), b.size()));
  return a == b;
}

}  // namespace

ModuleSymbols::ModuleSymbols(const model::Module& module, const SymbolizeOptions& options) {
  ImageLookup lookup = open_image(module, options);
  if (!lookup.image) {
    note_ = std::move(lookup.note);
    return;
  }
  image_ = std::move(*lookup.image);
  const CodeRanges is_code = image_.code_ranges();
  load_debug_info(module.path, is_code);
  load_symbol_tables(is_code);
  if (!note_) explain_gaps(module.path);
}

void ModuleSymbols::load_debug_info(const std::string& path, const CodeRanges& is_code) {
  const ElfFile* file = image_.with_debug_info();
  if (file == nullptr) return;
  auto opened = DwarfSymbols::open(*file, is_code);
  if (!opened) {
    note_ = ModuleNote{path, ModuleNoteKind::damaged,
                       fmt::format("its debug information in {} cannot be read: {}", file->path(),
                                   opened.error().why)};
    return;
  }
  dwarf_ = std::move(opened).value();
  if (const std::size_t missing = dwarf_->missing_split_units(); missing != 0) {
    note_ = ModuleNote{path, ModuleNoteKind::names_only,
                       fmt::format("{} of its source files have their debug information in .dwo "
                                   "files, which are not where the compiler put them",
                                   missing)};
  }
}

void ModuleSymbols::load_symbol_tables(const CodeRanges& is_code) {
  for (const auto* file : {&image_.main_file, &image_.debug_file}) {
    if (*file && table_.add_from((*file)->get(), SHT_SYMTAB) > 0) has_local_symbols_ = true;
  }
  if (image_.main_file) {
    if (!has_local_symbols_ && mini_.add_to(table_, *image_.main_file) > 0) {
      has_local_symbols_ = true;
    }
    table_.add_from(image_.main_file->get(), SHT_DYNSYM);
  }
  table_.seal(is_code);
}

void ModuleSymbols::explain_gaps(const std::string& path) {
  if (dwarf_) return;
  std::string remedy =
      "build it with -g or install its debug symbols (a -dbgsym, -dbg or "
      "-debuginfo package)";
  if (!image_.build_id.empty()) {
    remedy += fmt::format(", looked for as {}",
                          build_id_path("/usr/lib/debug", image_.build_id, ".debug"));
  }
  if (!image_.download_failure.empty()) {
    remedy += fmt::format("; download: {}", image_.download_failure);
  }
  if (table_.empty()) {
    note_ = ModuleNote{path, ModuleNoteKind::no_symbols,
                       "no debug information and no symbols: " + remedy};
  } else if (has_local_symbols_) {
    note_ = ModuleNote{path, ModuleNoteKind::names_only,
                       "no debug information, so no files and lines: " + remedy};
  } else {
    note_ =
        ModuleNote{path, ModuleNoteKind::names_only,
                   "stripped: only exported functions have names, no files and lines: " + remedy};
  }
}

model::Symbols ModuleSymbols::find(std::uint64_t address) {
  model::Symbols symbols;
  if (dwarf_) symbols.frames = dwarf_->find(address);
  const bool named = !symbols.frames.empty() && !symbols.frames.back().function.empty();
  if (named && symbols.frames.back().function.front() != '_') return symbols;
  const FunctionSymbol* symbol = table_.find(address);
  if (symbol == nullptr) return symbols;
  if (named) {
    // C libraries define a function under an internal name (__localeconv) and export it under the
    // one that programmers know, which is also the one a stripped copy shows.
    std::string& function = symbols.frames.back().function;
    if (same_but_for_underscores(function, symbol->name)) function = symbol->name;
    return symbols;
  }
  if (symbols.frames.empty()) symbols.frames.emplace_back();
  symbols.frames.back().function = demangle(symbol->name);
  return symbols;
}

}  // namespace memwatch::symbols
