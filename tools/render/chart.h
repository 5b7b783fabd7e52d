// Small pictures made of block characters.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collector/analysis/timeline.h"
#include "tools/render/page.h"

namespace memwatch::render {

// One character per value, scaled to the largest: "▁▂▅█". Zero is the lowest block.
std::string sparkline(std::span<const std::uint64_t> values);

// share (0 to 1) of `columns` filled, in steps of an eighth; not padded. Anything above
// zero shows at least one eighth.
std::string bar(double share, std::size_t columns);

// Heap as a filled area and RSS as dots above it, `rows` high, with both axes labelled.
void write_timeline_chart(Page& page, const analysis::Timeline& timeline, std::size_t rows);

}  // namespace memwatch::render
