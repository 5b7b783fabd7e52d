// The functions of one compilation unit by address, and the calls inlined into each.
//
// Functions are found in two passes, each made when first needed. The first looks at the unit's own
// entries and its namespaces, where C and C++ compilers put every function with code. Types and
// function bodies, most of a C++ unit, are entered only when that leaves an address without its
// function (Rust's methods are inside their type, nested functions inside their holder).
// Not thread-safe; the Dwarf must outlive it.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "collector/symbols/elf_file.h"
#include "collector/symbols/interval_map.h"
#include "collector/symbols/unit_index.h"
#include "collector/symbols/work_budget.h"

namespace memwatch::symbols {

class FunctionIndex {
 public:
  FunctionIndex(const Unit& unit, const CodeRanges& is_code);

  // The functions an address belongs to: innermost inlined one first (DW_TAG_inlined_subroutine),
  // the one that holds the code last (DW_TAG_subprogram). Empty where there is none.
  std::vector<Dwarf_Die> find(std::uint64_t address);

 private:
  static constexpr std::size_t kHolder = ~std::size_t{0};
  struct InlinedCall {
    Dwarf_Die die;
    std::size_t parent;  // index into `calls`, or kHolder
  };
  struct Inlines {
    std::vector<InlinedCall> calls;
    IntervalMap<std::size_t> innermost;  // address to index into `calls`
  };
  struct Function {
    Dwarf_Die die;
    std::unique_ptr<Inlines> inlines;  // built when first asked for
  };

  enum class Depth { namespaces, everything };
  void collect(Depth depth);
  void collect_below(const Dwarf_Die& parent, Depth depth, unsigned int level, WorkBudget& budget);
  void collect_inlines(const Dwarf_Die& parent, std::size_t parent_call, unsigned int level,
                       Inlines& inlines, WorkBudget& budget);

  Unit unit_;
  CodeRanges is_code_;
  bool entered_everything_ = false;
  std::vector<Function> functions_;
  IntervalMap<std::size_t> by_address_;  // to index into functions_
};

}  // namespace memwatch::symbols
