// Internal to the JSON report: one process as an object.
// Thread safety and errors: as write_json_report's.
#pragma once

#include "collector/analysis/process_growth.h"
#include "collector/analysis/selection.h"
#include "tools/render/json_report.h"
#include "tools/render/json_tables.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

void write_json_process(JsonWriter& json, const model::Process& process,
                        const analysis::Selection& selection, const JsonOptions& options,
                        StackIds& stacks);

// A verdict on growth, as the value of a key.
void write_growth(JsonWriter& json, const analysis::ProcessGrowth& growth,
                  const model::Process& process, const model::Session& session);

}  // namespace memwatch::render
