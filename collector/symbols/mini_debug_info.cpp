#include "collector/symbols/mini_debug_info.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace memwatch::symbols {
namespace {

// Packed symbol tables are a few hundred kilobytes; LZMA may expand more than a thousandfold.
constexpr std::size_t kMaxPackedBytes = std::size_t{1} << 20;

int find_no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) {
  return -1;
}

// libdwfl's own finder would ask the servers in DEBUGINFOD_URLS.
int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                       GElf_Word, char**) {
  return -1;
}

constexpr Dwfl_Callbacks kCallbacks = {find_no_elf, find_no_debug_file,
                                       dwfl_offline_section_address, nullptr};

}  // namespace

std::size_t MiniDebugInfo::add_to(SymbolTable& table, const ElfFile& file) {
  const std::string packed = file.section_bytes(".gnu_debugdata");
  if (packed.empty() || packed.size() > kMaxPackedBytes) return 0;
  dwfl_.reset(dwfl_begin(&kCallbacks));
  if (!dwfl_) return 0;
  // libdwfl owns the descriptor once it has taken the module, hence a copy.
  UniqueFd descriptor(::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!descriptor.is_open()) return 0;
  Dwfl_Module* module = dwfl_report_offline(dwfl_.get(), "", file.path().c_str(), descriptor.get());
  if (module == nullptr) return 0;
  descriptor.release();
  dwfl_report_end(dwfl_.get(), nullptr, nullptr);

  GElf_Addr bias = 0;
  if (dwfl_module_getelf(module, &bias) == nullptr) return 0;
  const int count = dwfl_module_getsymtab(module);
  std::size_t added = 0;
  for (int i = 0; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    const char* name =
        dwfl_module_getsym_info(module, i, &symbol, &address, nullptr, nullptr, nullptr);
    const auto type = GELF_ST_TYPE(symbol.st_info);
    if (name == nullptr || *name == '\0' || symbol.st_shndx == SHN_UNDEF ||
        (type != STT_FUNC && type != STT_GNU_IFUNC)) {
      continue;
    }
    const auto binding = static_cast<unsigned char>(GELF_ST_BIND(symbol.st_info));
    std::string_view plain(name);
    table.add({address - bias, symbol.st_size, plain.substr(0, plain.find('@')), binding});
    ++added;
  }
  return added;
}

}  // namespace memwatch::symbols
