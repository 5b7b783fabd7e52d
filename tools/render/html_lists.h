// Internal to the HTML report: the lists of a scope (sites, leaks, functions, modules, sizes).
#pragma once

#include "collector/analysis/leaks.h"
#include "collector/analysis/stack_costs.h"
#include "tools/render/html_scope.h"

namespace memwatch::render {

void write_html_sites(JsonWriter& json, const ScopeContext& context,
                      const std::vector<model::Site>& sites);
void write_html_leaks(JsonWriter& json, const ScopeContext& context,
                      const analysis::LeakReport& report);
void write_html_functions(JsonWriter& json, const ScopeContext& context,
                          const analysis::StackCosts& stacks);
void write_html_modules(JsonWriter& json, const ScopeContext& context);
void write_html_sizes(JsonWriter& json, const ScopeContext& context);

}  // namespace memwatch::render
