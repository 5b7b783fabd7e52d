#include "collector/symbols/data_symbols.h"

#include <gelf.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/symbols/demangle.h"
#include "collector/symbols/elf_symbols.h"
#include "collector/symbols/image.h"

namespace memwatch::symbols {
namespace {

struct Variable {
  std::uint64_t address = 0, size = 0;
  std::string name;  // as linked
};

// The address that the file gives to its first byte in memory.
std::uint64_t first_address(Elf* elf) {
  std::uint64_t lowest = UINT64_MAX;
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) return 0;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr || segment.p_type != PT_LOAD) {
      continue;
    }
    constexpr std::uint64_t kPage = 4096;
    lowest = std::min(lowest, segment.p_vaddr & ~(kPage - 1));
  }
  return lowest == UINT64_MAX ? 0 : lowest;
}

void add_variables(Elf* elf, std::vector<Variable>& variables) {
  for_each_symbol(elf, {SHT_SYMTAB, SHT_DYNSYM},
                  [&](const GElf_Sym& symbol, std::string_view name) {
                    if (GELF_ST_TYPE(symbol.st_info) != STT_OBJECT) return;
                    variables.push_back({symbol.st_value, symbol.st_size, std::string(name)});
                  });
}

// Of one module, by address; of several names for one place a shorter one.
class Variables {
 public:
  Variables(const std::string& path, const SymbolizeOptions& options) {
    const ImageLookup lookup = open_image({path, {}}, options);
    if (!lookup.image) return;
    const Image& image = *lookup.image;
    first_ = first_address((image.main_file ? *image.main_file : *image.debug_file).get());
    if (image.main_file) add_variables(image.main_file->get(), variables_);
    if (image.debug_file) add_variables(image.debug_file->get(), variables_);
    std::sort(variables_.begin(), variables_.end(), [](const Variable& a, const Variable& b) {
      if (a.address != b.address) return a.address < b.address;
      return a.name.size() != b.name.size() ? a.name.size() > b.name.size() : a.name > b.name;
    });
  }

  // `offset`: from where the module begins in memory.
  [[nodiscard]] const Variable* find(std::uint64_t offset) const {
    const std::uint64_t address = first_ + offset;
    auto next = std::upper_bound(
        variables_.begin(), variables_.end(), address,
        [](std::uint64_t wanted, const Variable& variable) { return wanted < variable.address; });
    if (next == variables_.begin()) return nullptr;
    --next;
    return address - next->address < std::max<std::uint64_t>(next->size, 1) ? &*next : nullptr;
  }
  [[nodiscard]] std::uint64_t offset_in(const Variable& variable, std::uint64_t offset) const {
    return first_ + offset - variable.address;
  }

 private:
  std::uint64_t first_ = 0;
  std::vector<Variable> variables_;
};

}  // namespace

void name_holders(model::Session& session, const SymbolizeOptions& options) {
  std::map<std::string, Variables> modules;
  for (model::Process& process : session.processes) {
    for (model::HolderPath& holder : process.holders) {
      if (holder.root != model::RootKind::data || holder.root_address == 0 ||
          !holder.symbol.empty()) {
        continue;
      }
      const Variables& variables =
          modules.try_emplace(holder.module, holder.module, options).first->second;
      const Variable* const variable = variables.find(holder.module_offset);
      if (variable == nullptr) continue;
      holder.symbol = demangle(variable->name);
      holder.symbol_offset = variables.offset_in(*variable, holder.module_offset);
    }
  }
}

}  // namespace memwatch::symbols
