// `leaks.holders` of the JSON report: a way from a root to a block of each of the stacks that hold
// most, as far as the leak check kept them. Internal to the report. Thread safety: none.
#pragma once

#include <cstddef>

#include "collector/analysis/selection.h"
#include "tools/render/json_tables.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

// `top`: at most so many, 0 all.
void write_holders(JsonWriter& json, const model::Process& process,
                   const analysis::Selection& selection, std::size_t top, StackIds& stacks);

}  // namespace memwatch::render
