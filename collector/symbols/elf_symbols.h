// Every named symbol that an ELF file defines, one after another: for those who look for functions,
// for variables, or for one of a name. Names lie in the file and are as linked, without a version
// ("@@GLIBC_2.2.5"). Tables and entries that cannot be read are passed over.
#pragma once

#include <gelf.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace memwatch::symbols {

// `types`: of the tables to look in, SHT_SYMTAB and SHT_DYNSYM. `visit(const GElf_Sym&,
// std::string_view name)`; the symbol type (GELF_ST_TYPE) is for it to look at.
template <typename Visit>
void for_each_symbol(Elf* elf, std::initializer_list<std::uint32_t> types, Visit visit) {
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr ||
        std::find(types.begin(), types.end(), header.sh_type) == types.end()) {
      continue;
    }
    Elf_Data* const data = elf_getdata(section, nullptr);
    const std::size_t entry_size = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
    if (data == nullptr || entry_size == 0) continue;
    const std::size_t count = std::min<std::size_t>(data->d_size / entry_size, INT32_MAX);
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
      if (symbol.st_shndx == SHN_UNDEF) continue;
      const char* const text = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (text == nullptr) continue;
      const std::string_view linked(text);
      const std::string_view name = linked.substr(0, linked.find('@'));
      if (!name.empty()) visit(symbol, name);
    }
  }
}

}  // namespace memwatch::symbols
