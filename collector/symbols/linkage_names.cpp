#include "collector/symbols/linkage_names.h"

#include <map>

#include "collector/symbols/image.h"
#include "collector/symbols/symbol_table.h"

namespace memwatch::symbols {

namespace {

class ModuleNames {
 public:
  ModuleNames(const model::Module& module, const SymbolizeOptions& options)
      : lookup_(open_image(module, options)) {
    if (!lookup_.image) return;
    for (const std::optional<ElfFile>* file :
         {&lookup_.image->main_file, &lookup_.image->debug_file}) {
      if (!*file) continue;
      if (table_.add_from((*file)->get(), SHT_SYMTAB) == 0) {
        table_.add_from((*file)->get(), SHT_DYNSYM);
      }
    }
    table_.seal(lookup_.image->code_ranges());
  }

  [[nodiscard]] std::string at(std::uint64_t address) const {
    const FunctionSymbol* const symbol = table_.find(address);
    return symbol == nullptr ? std::string() : std::string(symbol->name);
  }

 private:
  ImageLookup lookup_;  // the names lie in its files
  SymbolTable table_;
};

}  // namespace

std::vector<std::string> linkage_names(const model::Session& session,
                                       const std::vector<model::CodeAddressId>& addresses,
                                       const SymbolizeOptions& options) {
  std::vector<std::string> names(session.code_addresses.size());
  std::map<model::ModuleId, ModuleNames> modules;
  for (const model::CodeAddressId id : addresses) {
    if (id == model::kNone || id >= names.size()) continue;
    const model::CodeAddress& address = session.code_addresses[id];
    if (address.module == model::kNone || address.module >= session.modules.size()) continue;
    const auto module =
        modules.try_emplace(address.module, session.modules[address.module], options).first;
    names[id] = module->second.at(address.offset - (address.exact || address.offset == 0 ? 0 : 1));
  }
  return names;
}

}  // namespace memwatch::symbols
