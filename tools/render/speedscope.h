// speedscope's own file format (https://www.speedscope.app/file-format-schema.json): JSON with the
// frames once and for each process a profile of type "sampled", in which each stack is a sample of
// weight `cost`. Stacks are in the order in which they were first seen, so that equal beginnings
// are neighbours and the view "Time Order" is a flame graph of the call tree; its axis is no time.
// Frames are a function at a line of a file; unknown code is module+0xoffset.
//
// Thread safety: as the selection's. Errors: the output's own.
#pragma once

#include <cstddef>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

// top: so many of the costliest stacks of each process, 0 all. Processes without any are left out,
// unless that leaves none.
void write_speedscope(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
                      Output& output);

}  // namespace memwatch::render
