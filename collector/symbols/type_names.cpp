// Types of parameters, spelled as libiberty spells them in demangled names: typedefs resolved,
// qualifiers behind what they qualify ("char const*").
#include <dwarf.h>

#include <string>

#include "collector/symbols/demangle.h"
#include "collector/symbols/die_names.h"
#include "collector/symbols/die_walk.h"

namespace memwatch::symbols {
namespace {

constexpr unsigned int kMaxTypeLevel = 32;
constexpr std::uint64_t kMaxParameters = 1024;

// DWARF producers spell these out in another order than demanglers.
std::string base_type_name(std::string_view name) {
  if (name == "long int") return "long";
  if (name == "long unsigned int") return "unsigned long";
  if (name == "long long int") return "long long";
  if (name == "long long unsigned int") return "unsigned long long";
  if (name == "short int") return "short";
  if (name == "short unsigned int") return "unsigned short";
  return std::string(name);
}

bool find_type(const Dwarf_Die& holder, Dwarf_Die& type) {
  Dwarf_Die asked = holder;
  Dwarf_Attribute attribute;
  return dwarf_attr_integrate(&asked, DW_AT_type, &attribute) != nullptr &&
         dwarf_formref_die(&attribute, &type) != nullptr;
}

}  // namespace

std::string DieNames::parameter_list(const Dwarf_Die& function, unsigned int level) {
  // The parameters are complete in the concrete function and in its abstract instance alike; an
  // inlined call may lack those that were optimised away.
  Dwarf_Die described = function;
  Dwarf_Die origin;
  if (referred_die(function, DW_AT_abstract_origin, origin)) described = origin;
  std::string list;
  bool constant_object = false;
  bool seen_object = false;
  WorkBudget budget(kMaxParameters);
  for_each_child(described, budget, [&](const Dwarf_Die& child) {
    const int tag = tag_of(child);
    if (tag == DW_TAG_unspecified_parameters) list += list.empty() ? "..." : ", ...";
    if (tag != DW_TAG_formal_parameter) return true;
    if (flag_attribute(child, DW_AT_artificial)) {
      if (seen_object) return true;
      seen_object = true;
      Dwarf_Die type;
      // `this` is a pointer, itself constant, to the object.
      for (int i = 0; i < 3 && find_type(i == 0 ? child : type, type); ++i) {
        if (tag_of(type) == DW_TAG_pointer_type) {
          Dwarf_Die object;
          constant_object = find_type(type, object) && tag_of(object) == DW_TAG_const_type;
          break;
        }
      }
      return true;
    }
    if (!list.empty()) list += ", ";
    Dwarf_Die type;
    // The qualifiers of the parameter itself are no part of the function's type.
    bool found = find_type(child, type);
    for (int i = 0; i < 4 && found &&
                    (tag_of(type) == DW_TAG_const_type || tag_of(type) == DW_TAG_volatile_type);
         ++i) {
      found = find_type(type, type);
    }
    list += found ? name_of_type(type, level + 1) : "?";
    return list.size() < kMaxDemangledLength;
  });
  return "(" + list + (constant_object ? ") const" : ")");
}

std::string DieNames::type_name(const Dwarf_Die& holder, unsigned int level) {
  Dwarf_Die type;
  return find_type(holder, type) ? name_of_type(type, level) : "void";
}

std::string DieNames::function_type_name(const Dwarf_Die& type, const char* declarator,
                                         unsigned int level) {
  return type_name(type, level + 1) + " (" + declarator + ")" + parameter_list(type, level + 1);
}

std::string DieNames::name_of_type(const Dwarf_Die& type, unsigned int level) {
  if (level > kMaxTypeLevel || !budget_.spend()) return "?";
  const auto with = [&](const char* declarator) {
    Dwarf_Die target;
    if (find_type(type, target) && tag_of(target) == DW_TAG_subroutine_type) {
      return function_type_name(target, declarator, level + 1);
    }
    return type_name(type, level + 1) + declarator;
  };
  switch (tag_of(type)) {
    case DW_TAG_pointer_type:
      return with("*");
    case DW_TAG_reference_type:
      return with("&");
    case DW_TAG_rvalue_reference_type:
      return with("&&");
    case DW_TAG_const_type:
      return type_name(type, level + 1) + " const";
    case DW_TAG_volatile_type:
      return type_name(type, level + 1) + " volatile";
    case DW_TAG_restrict_type:
      return type_name(type, level + 1) + " __restrict";
    case DW_TAG_typedef:
    case DW_TAG_atomic_type:
      return type_name(type, level + 1);
    case DW_TAG_array_type:
      return type_name(type, level + 1) + " []";
    case DW_TAG_subroutine_type:
      return function_type_name(type, "", level + 1);
    case DW_TAG_base_type:
      return base_type_name(string_attribute(type, DW_AT_name));
    default:
      break;
  }
  const std::string_view name = string_attribute(type, DW_AT_name);
  bool plain_namespaces = true;
  return enclosing_scopes(type, level + 1, plain_namespaces) +
         (name.empty() ? "{unnamed type}" : std::string(name));
}

}  // namespace memwatch::symbols
