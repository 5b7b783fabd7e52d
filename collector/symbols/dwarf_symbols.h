// What debug information says about addresses of one module: functions, inlined calls, files and
// lines. Units are looked into when an address first falls into them.
// Not thread-safe; the ELF file must outlive it. Errors: debug information that libdw refuses.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "collector/base/result.h"
#include "collector/model/session.h"
#include "collector/symbols/die_names.h"
#include "collector/symbols/elf_file.h"
#include "collector/symbols/function_index.h"
#include "collector/symbols/unit_index.h"

namespace memwatch::symbols {

class DwarfSymbols {
 public:
  static Result<std::unique_ptr<DwarfSymbols>> open(const ElfFile& file, const CodeRanges& is_code);

  // As model::Symbols::frames. Code with a line but no function (assembly) gives one frame without
  // a function.
  std::vector<model::SourceFrame> find(std::uint64_t address);

  // Units whose functions are in a .dwo file that was not found.
  [[nodiscard]] std::size_t missing_split_units() const { return units_.missing_split_units(); }

 private:
  struct CloseDwarf {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
  };
  using DwarfOwner = std::unique_ptr<Dwarf, CloseDwarf>;

  DwarfSymbols(DwarfOwner dwarf, const CodeRanges& is_code);
  FunctionIndex& functions_of(std::size_t unit);
  std::size_t unit_without_ranges(std::uint64_t address);

  DwarfOwner dwarf_;  // everything below points into it
  CodeRanges is_code_;
  UnitIndex units_;
  std::vector<std::unique_ptr<FunctionIndex>> functions_;  // by unit; null until asked
  DieNames names_;
};

}  // namespace memwatch::symbols
