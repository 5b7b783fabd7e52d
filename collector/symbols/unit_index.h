// Which compilation unit covers an address. Built from the ranges of the units' own entries, since
// .debug_aranges, which libdw relies on, is missing wherever clang was the compiler.
// Not thread-safe; the Dwarf must outlive it.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/symbols/elf_file.h"
#include "collector/symbols/interval_map.h"

namespace memwatch::symbols {

struct Unit {
  Dwarf_Die skeleton;       // has ranges and line numbers; the unit itself unless it was split
  Dwarf_Die contents;       // has the functions: the skeleton, or the unit in the .dwo file
  std::uint64_t steps = 0;  // a walk over all its entries takes no more
};

class UnitIndex {
 public:
  static constexpr std::size_t kNoUnit = ~std::size_t{0};

  UnitIndex(Dwarf* dwarf, const CodeRanges& is_code);

  // kNoUnit where no unit claims the address.
  [[nodiscard]] std::size_t find(std::uint64_t address) const;

  [[nodiscard]] const Unit& unit(std::size_t index) const { return units_[index]; }
  [[nodiscard]] std::size_t size() const { return units_.size(); }
  // Units that do not say which addresses they cover: only their functions do.
  [[nodiscard]] const std::vector<std::size_t>& without_ranges() const { return without_ranges_; }
  // Units whose functions are in a .dwo file that was not found or is damaged.
  [[nodiscard]] std::size_t missing_split_units() const { return missing_split_units_; }

 private:
  std::vector<Unit> units_;
  std::vector<std::size_t> without_ranges_;
  std::size_t missing_split_units_ = 0;
  IntervalMap<std::size_t> ranges_;
};

}  // namespace memwatch::symbols
