// Sites as comma-separated values: a header, then one row for each process and stack. Quoted as RFC
// 4180 says; lines end in LF alone, which every reader takes and line tools prefer. Columns: pid,
// allocations, reallocations, allocated_bytes, live_blocks, live_bytes, peak_bytes, own_peak_bytes,
// temporary, function, file, line, module (of the caller of the allocation function), stack
// (collapsed: "main;load;parse"). Sizes in bytes. Thread safety: as the selection's. Errors: the
// output's own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

// The costliest rows of each process first; top 0 means all.
void write_csv(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
               Output& output);

// One value as RFC 4180 wants it: quoted where it has to be.
std::string csv_field(std::string_view text);

}  // namespace memwatch::render
