#include "collector/symbols/function_index.h"

#include <dwarf.h>

#include "collector/symbols/die_walk.h"

namespace memwatch::symbols {
namespace {

// Nesting of scopes and of inlined calls; compilers stay below a tenth of it.
constexpr unsigned int kMaxLevel = 256;

bool is_namespace(int tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_module;
}

bool may_hold_functions(int tag) {
  switch (tag) {
    case DW_TAG_subprogram:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_interface_type:
    case DW_TAG_lexical_block:
    case DW_TAG_inlined_subroutine:
      return true;
    default:
      return is_namespace(tag);
  }
}

bool is_block(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block ||
         tag == DW_TAG_with_stmt;
}

}  // namespace

FunctionIndex::FunctionIndex(const Unit& unit, const CodeRanges& is_code)
    : unit_(unit), is_code_(is_code) {
  collect(Depth::namespaces);
}

void FunctionIndex::collect(Depth depth) {
  entered_everything_ = depth == Depth::everything;
  functions_.clear();
  by_address_ = {};
  WorkBudget budget(unit_.steps);
  collect_below(unit_.contents, depth, 0, budget);
  by_address_.seal();
}

void FunctionIndex::collect_below(const Dwarf_Die& parent, Depth depth, unsigned int level,
                                  WorkBudget& budget) {
  if (level > kMaxLevel) return;
  for_each_child(parent, budget, [&](const Dwarf_Die& child) {
    const int tag = tag_of(child);
    if (tag == DW_TAG_subprogram) {
      bool any = false;
      for_each_range(child, budget, is_code_, [&](std::uint64_t begin, std::uint64_t end) {
        by_address_.add(begin, end, functions_.size(), level);
        any = true;
      });
      if (any) functions_.push_back({child, nullptr});
    }
    const bool enter = depth == Depth::everything ? may_hold_functions(tag) : is_namespace(tag);
    if (enter) collect_below(child, depth, level + 1, budget);
    return true;
  });
}

void FunctionIndex::collect_inlines(const Dwarf_Die& parent, std::size_t parent_call,
                                    unsigned int level, Inlines& inlines, WorkBudget& budget) {
  if (level > kMaxLevel) return;
  for_each_child(parent, budget, [&](const Dwarf_Die& child) {
    const int tag = tag_of(child);
    if (tag == DW_TAG_inlined_subroutine) {
      const std::size_t call = inlines.calls.size();
      inlines.calls.push_back({child, parent_call});
      // Deeper calls win over the calls around them.
      for_each_range(child, budget, is_code_, [&](std::uint64_t begin, std::uint64_t end) {
        inlines.innermost.add(begin, end, call, level);
      });
      collect_inlines(child, call, level + 1, inlines, budget);
    } else if (is_block(tag)) {
      collect_inlines(child, parent_call, level + 1, inlines, budget);
    }
    return true;
  });
}

std::vector<Dwarf_Die> FunctionIndex::find(std::uint64_t address) {
  const std::size_t* found = by_address_.find(address);
  if (found == nullptr && !entered_everything_) {
    collect(Depth::everything);
    found = by_address_.find(address);
  }
  if (found == nullptr) return {};

  Function& function = functions_[*found];
  if (!function.inlines) {
    function.inlines = std::make_unique<Inlines>();
    WorkBudget budget(unit_.steps);
    collect_inlines(function.die, kHolder, 0, *function.inlines, budget);
    function.inlines->innermost.seal();
  }
  std::vector<Dwarf_Die> chain;
  const std::size_t* call = function.inlines->innermost.find(address);
  for (std::size_t at = call == nullptr ? kHolder : *call; at != kHolder;
       at = function.inlines->calls[at].parent) {
    chain.push_back(function.inlines->calls[at].die);
  }
  chain.push_back(function.die);
  return chain;
}

}  // namespace memwatch::symbols
