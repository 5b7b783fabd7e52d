#include "collector/symbols/symbol_table.h"

#include <gelf.h>

#include <algorithm>
#include <tuple>

#include "collector/symbols/elf_symbols.h"

namespace memwatch::symbols {
namespace {

// How far to look back over symbols inside the one that is wanted (entry points in the middle of
// assembly functions).
constexpr std::size_t kMaxLookBack = 16;

// Of several names for one address the one a programmer knows: public before local, then the one
// with fewer leading underscores (malloc, __malloc, __libc_malloc), then the shorter.
auto preference(const FunctionSymbol& symbol) {
  const int binding = symbol.binding == STB_GLOBAL ? 0 : symbol.binding == STB_WEAK ? 1 : 2;
  const std::size_t underscores = std::min(symbol.name.find_first_not_of('_'), symbol.name.size());
  return std::tuple(symbol.size == 0, binding, underscores, symbol.name.size(), symbol.name);
}

}  // namespace

std::size_t SymbolTable::add_from(Elf* elf, std::uint32_t section_type) {
  const std::size_t before = symbols_.size();
  for_each_symbol(elf, {section_type}, [&](const GElf_Sym& symbol, std::string_view name) {
    const auto type = GELF_ST_TYPE(symbol.st_info);
    if (type != STT_FUNC && type != STT_GNU_IFUNC) return;
    const auto binding = static_cast<unsigned char>(GELF_ST_BIND(symbol.st_info));
    symbols_.push_back({symbol.st_value, symbol.st_size, name, binding});
  });
  return symbols_.size() - before;
}

void SymbolTable::seal(const CodeRanges& is_code) {
  is_code_ = is_code;
  std::erase_if(symbols_, [&](const FunctionSymbol& symbol) { return !is_code_(symbol.address); });
  std::sort(symbols_.begin(), symbols_.end(), [](const FunctionSymbol& a, const FunctionSymbol& b) {
    if (a.address != b.address) return a.address < b.address;
    return preference(a) < preference(b);
  });
  symbols_.erase(std::unique(symbols_.begin(), symbols_.end(),
                             [](const FunctionSymbol& a, const FunctionSymbol& b) {
                               return a.address == b.address;
                             }),
                 symbols_.end());
  symbols_.shrink_to_fit();
}

const FunctionSymbol* SymbolTable::find(std::uint64_t address) const {
  if (!is_code_(address)) return nullptr;
  auto next = std::upper_bound(
      symbols_.begin(), symbols_.end(), address,
      [](std::uint64_t wanted, const FunctionSymbol& symbol) { return wanted < symbol.address; });
  for (std::size_t step = 0; next != symbols_.begin() && step < kMaxLookBack; ++step) {
    --next;
    if (address - next->address < next->size) return &*next;
    // Of unknown size: reaches up to the symbol that follows, so only the nearest qualifies.
    if (next->size == 0 && step == 0) return &*next;
  }
  return nullptr;
}

}  // namespace memwatch::symbols
