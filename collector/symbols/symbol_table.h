// Function names by address from an ELF symbol table, for code without debug information.
// Built once, then only asked; concurrent find() is safe. Names stay valid as long as the ELF files
// they were read from are open.
#pragma once

#include <libelf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/symbols/elf_file.h"

namespace memwatch::symbols {

struct FunctionSymbol {
  std::uint64_t address = 0;
  std::uint64_t size = 0;     // 0: up to the next symbol
  std::string_view name;      // as linked, without a version ("@@GLIBC_2.2.5")
  unsigned char binding = 0;  // STB_*
};

class SymbolTable {
 public:
  // Adds the functions of every table of that type (SHT_SYMTAB, SHT_DYNSYM). Returns how many.
  std::size_t add_from(Elf* elf, std::uint32_t section_type);

  // Adds one function, whose name is kept by the caller.
  void add(const FunctionSymbol& symbol) { symbols_.push_back(symbol); }

  // Call once, after the last addition.
  void seal(const CodeRanges& is_code);

  // The function that covers the address: the nearest one before it that is long enough, or, where
  // its size is not known, that no other follows.
  [[nodiscard]] const FunctionSymbol* find(std::uint64_t address) const;

  [[nodiscard]] bool empty() const { return symbols_.empty(); }

 private:
  CodeRanges is_code_;
  std::vector<FunctionSymbol> symbols_;  // sorted by address, one per address once sealed
};

}  // namespace memwatch::symbols
