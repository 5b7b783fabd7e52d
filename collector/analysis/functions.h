// What every function of the program costs: by itself (it called the allocation function) and with
// everything it called. A function that calls itself counts once for each stack.
// Thread safety: `functions` is the caller's. Errors: none. Units: as Cost says.
#pragma once

#include <vector>

#include "collector/analysis/code_functions.h"
#include "collector/analysis/stack_costs.h"

namespace memwatch::analysis {

struct FunctionRow {
  FunctionAtAddress place;  // where most of its allocated bytes come from
  Costs own{};              // as the innermost frame
  Costs total{};            // anywhere in the stack
};

// One row for each function that occurs, in order of their ids.
std::vector<FunctionRow> list_functions(const StackCosts& stacks, CodeFunctions& functions);

}  // namespace memwatch::analysis
