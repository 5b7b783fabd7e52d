// The block of key figures that opens the summary view and the page at the end of a run, and the
// remarks below them: what RSS the trace explains, what debug info is missing.
// Internal to tools/render. Thread safety: read-only. Errors: none.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "collector/analysis/summary.h"
#include "tools/render/page.h"
#include "tools/render/view.h"

namespace memwatch::render {

// At most 8 lines: peak heap, allocated, not freed, RSS, mapped, failed, large, a sparkline.
void write_facts(Page& page, const analysis::Selection& selection,
                 const analysis::Summary& summary);

// Sentences worth a reader's attention, most important first; empty when all is well.
std::vector<std::string> remarks(const analysis::Selection& selection,
                                 const analysis::Summary& summary,
                                 std::span<const model::StackId> shown_stacks);

// How the largest RSS compares with what was traced: "83.7 % of it traced", "84.6 % of its growth".
// Short-lived processes are sampled too seldom for a comparison at one moment; their peaks are
// compared instead.
std::vector<std::string> coverage_phrases(const model::Process& process,
                                          const analysis::Coverage& coverage,
                                          std::uint64_t peak_rss);

// The parts that fit whole into `room` columns, in their order, with commas between them.
std::string joined_to_fit(const std::vector<std::string>& parts, std::size_t room);

// The view that answers the most likely next question.
View next_view(const analysis::Summary& summary);

}  // namespace memwatch::render
