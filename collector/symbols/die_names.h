// The names of functions in debug information, as demangle() would give them: the linkage name
// demangled where there is one, otherwise put together from the scopes around the function and the
// types of its parameters. (GCC writes no linkage name for static functions and those in unnamed
// namespaces.) Functions of other languages than C++ get no parameter types.
// Not thread-safe; the Dwarf must outlive it. Remembers every name it gave.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/symbols/work_budget.h"

namespace memwatch::symbols {

class DieNames {
 public:
  // Of a DW_TAG_subprogram or DW_TAG_inlined_subroutine; "" where it has no name.
  const std::string& function_name(const Dwarf_Die& die);

 private:
  // What one name may cost; types can refer to each other so that spelling them out has no end.
  static constexpr std::uint64_t kStepsPerName = 4096;

  // A child that has children itself, and where its bytes end.
  struct Scope {
    Dwarf_Die die;
    Dwarf_Off end;
  };

  const std::string& function_name_at(const Dwarf_Die& die, unsigned int level);
  std::string build_function_name(const Dwarf_Die& die, unsigned int level);
  // "ns::Class::" of the scopes around a DIE; plain_namespaces: whether there is no other scope.
  std::string enclosing_scopes(const Dwarf_Die& die, unsigned int level, bool& plain_namespaces);
  const std::vector<Scope>& scopes_inside(const Dwarf_Die& parent, Dwarf_Off parent_end);

  // "(int, char const*) const"
  std::string parameter_list(const Dwarf_Die& function, unsigned int level);
  std::string type_name(const Dwarf_Die& holder, unsigned int level);
  std::string name_of_type(const Dwarf_Die& type, unsigned int level);
  std::string function_type_name(const Dwarf_Die& type, const char* declarator, unsigned int level);

  WorkBudget budget_{0};
  // By the address of the DIE's bytes, which is its identity.
  std::unordered_map<const void*, std::string> function_names_;
  std::unordered_map<const void*, std::vector<Scope>> scopes_;
};

}  // namespace memwatch::symbols
