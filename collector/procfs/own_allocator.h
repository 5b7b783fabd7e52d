// Does a program bring its own allocator? Looks for definitions of the well-known names in the
// symbol tables of an ELF file. Callers: `doctor`, the recorder and
// the gate, which say so, and `run --allocator`. Any thread.
//
// The tables are streamed (a browser's are hundreds of megabytes): first every place in the string
// table where a wanted name ends a string is found, then symbols are compared by name offset only.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch::procfs {

inline constexpr std::array<std::string_view, 5> kAllocatorNames = {"malloc", "free", "mi_malloc",
                                                                    "je_malloc", "tc_malloc"};

struct OwnAllocator {
  // By index of kAllocatorNames.
  // exported: in .dynsym. The loader prefers the program's own definition to any preloaded one, so
  // calls from everywhere go to it and the shim sees none of them.
  std::array<bool, kAllocatorNames.size()> exported{};
  // defined: in .symtab, so calls from the program itself go there.
  std::array<bool, kAllocatorNames.size()> defined{};

  [[nodiscard]] bool exports(std::string_view name) const;
  [[nodiscard]] bool defines(std::string_view name) const;  // in either table
  // "mimalloc", "jemalloc", "tcmalloc", "its own malloc", or "" for none.
  [[nodiscard]] std::string_view description() const;
};

// A file that is no ELF file defines nothing. Error: it cannot be read.
Result<OwnAllocator> find_own_allocator(const std::string& path);

}  // namespace memwatch::procfs
