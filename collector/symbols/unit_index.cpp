#include "collector/symbols/unit_index.h"

#include <dwarf.h>

#include "collector/symbols/die_walk.h"
#include "collector/symbols/string_bounds.h"

namespace memwatch::symbols {
namespace {

// A unit of n bytes has fewer than n entries; the rest is for range lists.
constexpr std::uint64_t kStepsPerByte = 4;
constexpr std::uint64_t kStepsAllowance = 1 << 16;
// Ranges of all units together; a browser has about a million.
constexpr std::uint64_t kMaxUnitRanges = std::uint64_t{1} << 26;

std::uint64_t steps_of(const Dwarf_Die& unit_die) {
  Dwarf_Die asked = unit_die;
  const Dwarf_Off start = dwarf_dieoffset(&asked) - dwarf_cuoffset(&asked);
  Dwarf_Off next = 0;
  std::size_t header_size = 0;
  if (dwarf_next_unit(dwarf_cu_getdwarf(asked.cu), start, &next, &header_size, nullptr, nullptr,
                      nullptr, nullptr, nullptr, nullptr) != 0 ||
      next <= start) {
    return kStepsAllowance;
  }
  return (next - start) * kStepsPerByte + kStepsAllowance;
}

}  // namespace

UnitIndex::UnitIndex(Dwarf* dwarf, const CodeRanges& is_code) {
  WorkBudget budget(kMaxUnitRanges);
  Dwarf_CU* unit = nullptr;
  Dwarf_Half version = 0;
  std::uint8_t type = 0;
  Dwarf_Die die;
  Dwarf_Die split_die;
  while (dwarf_get_units(dwarf, unit, &unit, &version, &type, &die, &split_die) == 0) {
    if (die.addr == nullptr || (type != DW_UT_compile && type != DW_UT_skeleton)) continue;
    const bool found_split = type == DW_UT_skeleton && split_die.addr != nullptr &&
                             string_sections_are_terminated(dwarf_cu_getdwarf(split_die.cu));
    if (type == DW_UT_skeleton && !found_split) ++missing_split_units_;
    const Dwarf_Die& contents = found_split ? split_die : die;
    const std::size_t index = units_.size();
    units_.push_back({die, contents, steps_of(contents)});

    bool any = false;
    for_each_range(die, budget, is_code, [&](std::uint64_t begin, std::uint64_t end) {
      ranges_.add(begin, end, index);
      any = true;
    });
    if (!any) without_ranges_.push_back(index);
  }
  ranges_.seal();
}

std::size_t UnitIndex::find(std::uint64_t address) const {
  const std::size_t* found = ranges_.find(address);
  return found == nullptr ? kNoUnit : *found;
}

}  // namespace memwatch::symbols
