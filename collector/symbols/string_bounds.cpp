#include "collector/symbols/string_bounds.h"

#include <dwarf.h>
#include <gelf.h>

#include <cstdint>
#include <cstring>

namespace memwatch::symbols {
namespace {

// Calls visit(name, data) for the loaded contents of each section of debug information that
// `wanted` names, until it returns true; gives whether it did.
template <typename Wanted, typename Visit>
bool any_section(Elf* elf, Wanted wanted, Visit visit) {
  std::size_t names = 0;
  if (elf == nullptr || elf_getshdrstrndx(elf, &names) != 0) return false;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr || !wanted(std::string_view(name))) continue;
    const Elf_Data* data = elf_rawdata(section, nullptr);
    if (data != nullptr && data->d_buf != nullptr && data->d_size != 0 && visit(*data)) return true;
  }
  return false;
}

}  // namespace

bool string_sections_are_terminated(Dwarf* dwarf) {
  return !any_section(
      dwarf_getelf(dwarf),
      [](std::string_view name) {
        if (name.ends_with(".dwo")) name.remove_suffix(4);
        return name == ".debug_str" || name == ".debug_line_str" || name == ".zdebug_str" ||
               name == ".zdebug_line_str";
      },
      [](const Elf_Data& data) {
        return static_cast<const char*>(data.d_buf)[data.d_size - 1] != '\0';
      });
}

std::string_view bounded_string(Dwarf_Attribute& attribute) {
  const char* text = dwarf_formstring(&attribute);
  if (text == nullptr) return {};
  // Strings outside of entries come from sections checked by the function above.
  if (dwarf_whatform(&attribute) != DW_FORM_string) return text;
  std::string_view bounded;
  any_section(
      dwarf_getelf(dwarf_cu_getdwarf(attribute.cu)),
      [](std::string_view name) {
        return name.starts_with(".debug_info") || name.starts_with(".debug_types") ||
               name.starts_with(".zdebug_info") || name.starts_with(".zdebug_types");
      },
      [&](const Elf_Data& data) {
        const auto start = reinterpret_cast<std::uintptr_t>(data.d_buf);
        const auto at = reinterpret_cast<std::uintptr_t>(text);
        if (at < start || at - start >= data.d_size) return false;
        const std::size_t room = data.d_size - (at - start);
        const void* end = std::memchr(text, '\0', room);
        if (end != nullptr) {
          bounded = {text, static_cast<std::size_t>(static_cast<const char*>(end) - text)};
        }
        return true;
      });
  return bounded;
}

}  // namespace memwatch::symbols
