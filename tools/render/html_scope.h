// Internal to the HTML report: one scope of the document, see html_document.h.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "collector/analysis/code_functions.h"
#include "collector/analysis/flame_tree.h"
#include "collector/analysis/selection.h"
#include "tools/render/html_names.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

using ProcessNumbers = std::unordered_map<const model::Process*, std::uint64_t>;

// How much of a scope is written; shared out so that a session of many processes stays small.
struct ScopeLimits {
  std::size_t flame_nodes = 20'000;
  std::size_t rows = 500;  // that lead in one column; a list has at most so many for each column
};

struct ScopeContext {
  const analysis::Selection& selection;
  const ProcessNumbers& processes;
  analysis::CodeFunctions& functions;
  HtmlNames& names;
  ScopeLimits limits;
};

void write_html_scope(JsonWriter& json, const ScopeContext& context);

// Sites of the scope, each stack once, as the page counts them.
std::vector<model::Site> html_sites(const analysis::Selection& selection);

}  // namespace memwatch::render
