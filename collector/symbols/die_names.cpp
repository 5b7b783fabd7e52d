#include "collector/symbols/die_names.h"

#include <dwarf.h>

#include <algorithm>

#include "collector/symbols/demangle.h"
#include "collector/symbols/die_walk.h"

namespace memwatch::symbols {
namespace {

// Functions inside functions inside types …; names beyond it are left unqualified.
constexpr unsigned int kMaxLevel = 16;
constexpr int kMaxReferences = 8;
constexpr std::uint64_t kMaxScopesOfOne = 1 << 22;

bool is_cpp(const Dwarf_Die& unit_die) {
  Dwarf_Die asked = unit_die;
  switch (dwarf_srclang(&asked)) {
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case 0x2b:  // DW_LANG_C_plus_plus_17, newer than libdw's list
    case 0x2c:  // DW_LANG_C_plus_plus_20
      return true;
    default:
      return false;
  }
}

bool is_c(const Dwarf_Die& unit_die) {
  Dwarf_Die asked = unit_die;
  switch (dwarf_srclang(&asked)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case 0x2e:  // DW_LANG_C17
    case DW_LANG_Mips_Assembler:
      return true;
    default:
      return false;
  }
}

// The declaration that says where a function belongs.
Dwarf_Die declaration_of(const Dwarf_Die& die) {
  Dwarf_Die current = die;
  for (int i = 0; i < kMaxReferences; ++i) {
    Dwarf_Die next;
    if (!referred_die(current, DW_AT_abstract_origin, next) &&
        !referred_die(current, DW_AT_specification, next)) {
      break;
    }
    current = next;
  }
  return current;
}

}  // namespace

const std::string& DieNames::function_name(const Dwarf_Die& die) {
  budget_ = WorkBudget(kStepsPerName);
  return function_name_at(die, 0);
}

const std::string& DieNames::function_name_at(const Dwarf_Die& die, unsigned int level) {
  const auto known = function_names_.find(die.addr);
  if (known != function_names_.end()) return known->second;
  return function_names_.emplace(die.addr, build_function_name(die, level)).first->second;
}

std::string DieNames::build_function_name(const Dwarf_Die& die, unsigned int level) {
  std::string_view linkage = string_attribute(die, DW_AT_linkage_name);
  if (linkage.empty()) linkage = string_attribute(die, DW_AT_MIPS_linkage_name);
  if (!linkage.empty()) return demangle(linkage);

  const std::string_view name = string_attribute(die, DW_AT_name);
  if (name.empty() || name.size() > kMaxMangledLength) return {};
  const Dwarf_Die declaration = declaration_of(die);
  Dwarf_Die asked = declaration;
  Dwarf_Die unit;
  if (level > kMaxLevel || dwarf_diecu(&asked, &unit, nullptr, nullptr) == nullptr || is_c(unit)) {
    return std::string(name);
  }
  bool plain_namespaces = true;
  std::string scopes = enclosing_scopes(declaration, level, plain_namespaces);
  if (!is_cpp(unit)) return scopes + std::string(name);
  // Visible to the linker, and yet no mangled name: extern "C", main.
  if (plain_namespaces && flag_attribute(declaration, DW_AT_external)) return std::string(name);
  return scopes + std::string(name) + parameter_list(die, level);
}

const std::vector<DieNames::Scope>& DieNames::scopes_inside(const Dwarf_Die& parent,
                                                            Dwarf_Off parent_end) {
  const auto known = scopes_.find(parent.addr);
  if (known != scopes_.end()) return known->second;
  std::vector<Scope> found;
  bool open_ended = false;  // the last scope found still lacks its end
  WorkBudget budget(kMaxScopesOfOne);
  for_each_child(parent, budget, [&](const Dwarf_Die& child) {
    Dwarf_Die asked = child;
    if (open_ended) found.back().end = dwarf_dieoffset(&asked);
    open_ended = dwarf_haschildren(&asked) == 1;
    if (open_ended) found.push_back({child, parent_end});
    return true;
  });
  return scopes_.emplace(parent.addr, std::move(found)).first->second;
}

std::string DieNames::enclosing_scopes(const Dwarf_Die& die, unsigned int level,
                                       bool& plain_namespaces) {
  Dwarf_Die asked = die;
  Dwarf_Die scope;
  const Dwarf_Off wanted = dwarf_dieoffset(&asked);
  Dwarf_Off end = ~Dwarf_Off{0};
  std::string text;
  if (dwarf_diecu(&asked, &scope, nullptr, nullptr) == nullptr) return text;
  // Entries are laid out parents first, so the scopes around one are those whose bytes hold it.
  for (unsigned int depth = 0; depth < 4 * kMaxLevel; ++depth) {
    const std::vector<Scope>& inside = scopes_inside(scope, end);
    const auto next = std::partition_point(inside.begin(), inside.end(), [&](const Scope& item) {
      Dwarf_Die start = item.die;
      return dwarf_dieoffset(&start) <= wanted;
    });
    if (next == inside.begin()) break;
    Scope holder = *(next - 1);
    if (wanted >= holder.end || dwarf_dieoffset(&holder.die) == wanted) break;

    const int tag = tag_of(holder.die);
    const std::string_view name = string_attribute(holder.die, DW_AT_name);
    if (tag == DW_TAG_namespace || tag == DW_TAG_module) {
      text += name.empty() ? "(anonymous namespace)" : name;
      text += "::";
      if (name.empty()) plain_namespaces = false;
    } else if (tag == DW_TAG_subprogram) {
      // Its own name has the scopes so far in front.
      text = function_name_at(holder.die, level + 1) + "::";
      plain_namespaces = false;
    } else if (tag != DW_TAG_lexical_block && tag != DW_TAG_inlined_subroutine) {
      text += name.empty() ? "{unnamed type}" : name;
      text += "::";
      plain_namespaces = false;
    }
    if (text.size() > kMaxDemangledLength) break;
    scope = holder.die;
    end = holder.end;
  }
  return text;
}

}  // namespace memwatch::symbols
