// valgrind massif's output file, which ms_print and massif-visualizer read. Snapshots come from the
// session's timeline (at most a hundred, as massif keeps), with the exact peak among them and its
// heap tree, and the tree of what was live at the end. A tree leads from the allocation functions
// outwards; what holds less than 1 % of the heap is summed in one line, as massif does by default.
//
//   desc: …                         snapshot=N                n2: 300 (heap allocation functions) …
//   cmd: …                          time=MILLISECONDS          n1: 200 0x1136: load (main.c:12)
//   time_unit: ms                   mem_heap_B=BYTES            n0: 200 0x1187: main (main.c:30)
//   #-----------                    mem_heap_extra_B=0         n0: 100 in 3 places, all below …
//                                   mem_stacks_B=0
//                                   heap_tree=empty|detailed|peak
//
// A node's first number is how many lines of its own follow. Addresses are those of the module's
// file. ms_print takes '#' for the beginning of a comment, so names have '@' instead.
//
// Thread safety: as the selection's. Errors: the output's own.
#pragma once

#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

// `process` is one of the selection's, whose filters leave stacks out of the trees: they become one
// line, so that sums stay what they are.
void write_massif(const analysis::Selection& selection, const model::Process& process,
                  Output& output);

}  // namespace memwatch::render
