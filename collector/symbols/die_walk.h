// Steps over debugging information entries (DIEs) and small reads of their attributes. libdw checks
// each access against the bounds of its section; what it does not check, that a walk ends, the
// WorkBudget does. Not thread-safe per Dwarf.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collector/symbols/string_bounds.h"
#include "collector/symbols/work_budget.h"

namespace memwatch::symbols {

// Calls visit(child) for the children of a DIE, in order; visit returns false to stop.
template <typename Visit>
void for_each_child(const Dwarf_Die& parent, WorkBudget& budget, Visit visit) {
  Dwarf_Die child;
  Dwarf_Die from = parent;
  if (dwarf_child(&from, &child) != 0) return;
  do {
    if (!budget.spend() || !visit(child)) return;
    // siblingof may not be given the same object twice.
    from = child;
  } while (dwarf_siblingof(&from, &child) == 0);
}

// Calls add(begin, end) for the code ranges of a DIE. Ranges that do not begin in code are left
// out: linkers leave the debug information of functions they dropped, with address 0 or −1.
template <typename IsCode, typename Add>
void for_each_range(const Dwarf_Die& die, WorkBudget& budget, const IsCode& is_code, Add add) {
  Dwarf_Die asked = die;
  Dwarf_Addr base = 0;
  Dwarf_Addr begin = 0;
  Dwarf_Addr end = 0;
  std::ptrdiff_t offset = 0;
  while ((offset = dwarf_ranges(&asked, offset, &base, &begin, &end)) > 0) {
    if (!budget.spend()) return;
    if (begin < end && is_code(begin)) add(begin, end);
  }
}

// The value of an attribute, found also in the declaration or abstract instance the DIE refers to;
// "" where there is none. Points into the debug information.
inline std::string_view string_attribute(const Dwarf_Die& die, unsigned int name) {
  Dwarf_Die asked = die;
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(&asked, name, &attribute) == nullptr) return {};
  return bounded_string(attribute);
}

// An unsigned attribute of the DIE itself, 0 where there is none.
inline std::uint64_t number_attribute(const Dwarf_Die& die, unsigned int name) {
  Dwarf_Die asked = die;
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_attr(&asked, name, &attribute) == nullptr) return 0;
  return dwarf_formudata(&attribute, &value) == 0 ? value : 0;
}

inline bool flag_attribute(const Dwarf_Die& die, unsigned int name) {
  Dwarf_Die asked = die;
  Dwarf_Attribute attribute;
  bool value = false;
  return dwarf_attr_integrate(&asked, name, &attribute) != nullptr &&
         dwarf_formflag(&attribute, &value) == 0 && value;
}

// The DIE that an attribute of `die` refers to; false where there is none.
inline bool referred_die(const Dwarf_Die& die, unsigned int name, Dwarf_Die& result) {
  Dwarf_Die asked = die;
  Dwarf_Attribute attribute;
  return dwarf_attr(&asked, name, &attribute) != nullptr &&
         dwarf_formref_die(&attribute, &result) != nullptr;
}

inline int tag_of(const Dwarf_Die& die) {
  Dwarf_Die asked = die;
  return dwarf_tag(&asked);
}

}  // namespace memwatch::symbols
