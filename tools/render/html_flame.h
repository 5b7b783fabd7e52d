// Internal to the HTML pages: a folded call tree as columns.
#pragma once

#include <array>
#include <string_view>

#include "collector/analysis/flame_tree.h"
#include "tools/render/html_names.h"

namespace memwatch::render {

// What the five numbers of each node are called; "" for one that is not written.
using CostNames = std::array<std::string_view, analysis::kCosts>;

// Members of an object. In depth order: "up" says how many levels to leave before the node is
// added, "frame" is twice the frame's number, plus one where the node stands for several lines, or
// minus the number of small frames that were folded into it, "own" is what a node costs without its
// children.
void write_html_flame(JsonWriter& json, const analysis::FlameTree& tree, const CostNames& names,
                      HtmlNames& frames);

}  // namespace memwatch::render
