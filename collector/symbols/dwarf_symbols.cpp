#include "collector/symbols/dwarf_symbols.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "collector/symbols/die_walk.h"
#include "collector/symbols/source_path.h"
#include "collector/symbols/string_bounds.h"

namespace memwatch::symbols {
namespace {

std::uint32_t line_number(std::uint64_t value) {
  return value <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(value) : 0;
}

// The line of the code itself.
void set_line(const Unit& unit, std::uint64_t address, std::string_view directory,
              model::SourceFrame& frame) {
  Dwarf_Die asked = unit.skeleton;
  Dwarf_Line* row = dwarf_getsrc_die(&asked, address);
  if (row == nullptr) return;
  int line = 0;
  if (dwarf_lineno(row, &line) == 0 && line > 0) frame.line = static_cast<std::uint32_t>(line);
  const char* path = dwarf_linesrc(row, nullptr, nullptr);
  if (path != nullptr) frame.file = source_path(directory, path);
}

// The line of the call that was inlined, which lies in the function around it.
void set_call_line(const Unit& unit, const Dwarf_Die& inlined_call, std::string_view directory,
                   model::SourceFrame& frame) {
  frame.line = line_number(number_attribute(inlined_call, DW_AT_call_line));
  Dwarf_Die asked = inlined_call;
  if (dwarf_hasattr(&asked, DW_AT_call_file) == 0) return;
  const std::uint64_t index = number_attribute(inlined_call, DW_AT_call_file);
  Dwarf_Die contents = unit.contents;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrcfiles(&contents, &files, &count) != 0 || index >= count) return;
  const char* path = dwarf_filesrc(files, index, nullptr, nullptr);
  if (path != nullptr) frame.file = source_path(directory, path);
}

}  // namespace

Result<std::unique_ptr<DwarfSymbols>> DwarfSymbols::open(const ElfFile& file,
                                                         const CodeRanges& is_code) {
  DwarfOwner dwarf(dwarf_begin_elf(file.get(), DWARF_C_READ, nullptr));
  if (!dwarf) {
    const char* why = dwarf_errmsg(-1);
    return Error{ErrorKind::damaged,
                 "read the debug information",
                 file.path(),
                 why == nullptr ? "unknown" : why,
                 {}};
  }
  // The shared part of debug information that dwz split off, if there is one.
  Dwarf* const shared = dwarf_getalt(dwarf.get());
  if (!string_sections_are_terminated(dwarf.get()) ||
      (shared != nullptr && !string_sections_are_terminated(shared))) {
    return Error{
        ErrorKind::damaged, "read the debug information", file.path(), "a string has no end", {}};
  }
  return std::unique_ptr<DwarfSymbols>(new DwarfSymbols(std::move(dwarf), is_code));
}

DwarfSymbols::DwarfSymbols(DwarfOwner dwarf, const CodeRanges& is_code)
    : dwarf_(std::move(dwarf)),
      is_code_(is_code),
      units_(dwarf_.get(), is_code_),
      functions_(units_.size()) {}

FunctionIndex& DwarfSymbols::functions_of(std::size_t unit) {
  auto& index = functions_[unit];
  if (!index) index = std::make_unique<FunctionIndex>(units_.unit(unit), is_code_);
  return *index;
}

std::size_t DwarfSymbols::unit_without_ranges(std::uint64_t address) {
  for (const std::size_t unit : units_.without_ranges()) {
    if (!functions_of(unit).find(address).empty()) return unit;
  }
  return UnitIndex::kNoUnit;
}

std::vector<model::SourceFrame> DwarfSymbols::find(std::uint64_t address) {
  if (!is_code_(address)) return {};
  std::size_t index = units_.find(address);
  if (index == UnitIndex::kNoUnit) index = unit_without_ranges(address);
  if (index == UnitIndex::kNoUnit) return {};

  const Unit& unit = units_.unit(index);
  const std::string_view directory = string_attribute(unit.skeleton, DW_AT_comp_dir);
  const std::vector<Dwarf_Die> chain = functions_of(index).find(address);
  std::vector<model::SourceFrame> frames(std::max<std::size_t>(chain.size(), 1));
  for (std::size_t i = 0; i < chain.size(); ++i) {
    frames[i].function = names_.function_name(chain[i]);
    frames[i].inlined = i + 1 < chain.size();
    if (i > 0) set_call_line(unit, chain[i - 1], directory, frames[i]);
  }
  set_line(unit, address, directory, frames.front());
  if (chain.empty() && frames.front().file.empty()) return {};
  return frames;
}

}  // namespace memwatch::symbols
