// What to do about a process that grows, in a sentence that names where to look.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "collector/analysis/process_growth.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

// The site that the advice is about: of those that grow the fastest of the kind that gave the
// pattern its name, of a spike the one that held the largest part of the peak. kNone: none stands
// out.
model::StackId site_to_look_at(const ProcessGrowth& growth, const model::Process& process);

// A sentence or two; "" where there is nothing to do. `site`: how to call that site, as in
// "load_table (table.cpp:33)"; "" where nobody knows its name, and the sentence does without.
std::string growth_advice(const ProcessGrowth& growth, const model::Process& process,
                          std::string_view site);

// The same where no more is known than how many sites grow, and whether what is live was judged by
// reachability.
std::string growth_advice(GrowthPattern pattern, std::size_t sites, bool is_judged,
                          std::string_view site);

}  // namespace memwatch::analysis
