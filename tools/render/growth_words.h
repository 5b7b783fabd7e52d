// What the text views say of growth: a line with pattern, rate and time to the limit, and what to
// do. Nothing where nothing grows. Thread safety: read-only. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "collector/analysis/process_growth.h"
#include "collector/analysis/selection.h"
#include "tools/render/page.h"

namespace memwatch::render {

struct GrowingProcess {
  const model::Process* process = nullptr;
  analysis::ProcessGrowth growth;
};

// Of the selected processes, the fastest first; sites that the filters leave out are gone. Below
// high sensitivity only those with a site that grows.
std::vector<GrowingProcess> growing_processes(const analysis::Selection& selection,
                                              analysis::Sensitivity sensitivity);

// "1.2 MiB a minute": per second, minute or hour, so that the number is easy to read.
std::string growth_rate(double bytes_per_second);

// "92 % sure, seen for 4 min 10 s". Not "leak": where something still leads to it, that would
// contradict what is said of leaks beside it.
std::string growth_phrase(const analysis::ProcessGrowth& growth);

// "the limit of its cgroup is reached in about 2 h (1 h 40 min to 3 h)"; "" without a limit.
std::string limit_phrase(const analysis::ProcessGrowth& growth);

// What to do, with the site that it is about: "Look at what load_table (table.cpp:33) allocates:
// …". The session's, whose stacks have their names.
std::string growth_recommendation(const analysis::ProcessGrowth& growth,
                                  const model::Process& process, const model::Session& session);

// The section of the summary view.
void write_growth(Page& page, const analysis::Selection& selection);

}  // namespace memwatch::render
