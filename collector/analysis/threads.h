// Which threads allocate: the ones with most bytes first. Thread totals have no stacks, so stack
// filters do not touch them.
// Thread safety: pure function. Errors: none. Rows point into the session.
#pragma once

#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct ThreadRow {
  const model::Process* process = nullptr;
  const model::ThreadTotals* thread = nullptr;
  double share = 0;  // of the bytes all selected processes allocated, 0 to 1
};

std::vector<ThreadRow> list_threads(const Selection& selection);

}  // namespace memwatch::analysis
