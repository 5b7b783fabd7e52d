// Copies of what is known of a recorded process, for those who look at it while recording goes on:
// its blocks, as the explanation of resident memory wants them, and its session. Called from the
// recorder's thread; what they cost grows with the number of blocks (a tenth of a second for ten
// million), of stacks and sites. Internal to the recorder.
#pragma once

#include <vector>

#include "collector/analysis/breakdown.h"
#include "collector/model/session.h"
#include "collector/recording/process_record.h"

namespace memwatch::recording {

// Of a process whose image runs.
analysis::HeapFacts heap_facts_of(const ProcessRecord& record, const model::Session& session);

// Mappings that the preloaded library made, by its own word; read from the process's memory.
std::vector<analysis::AddressRange> shim_mappings_of(const ProcessRecord& record);

}  // namespace memwatch::recording
