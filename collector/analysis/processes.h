// The process tree as rows: in order of start, each with its depth below the root.
// Thread safety: pure function. Errors: none. Rows point into the session.
#pragma once

#include <cstddef>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct ProcessRow {
  const model::Process* process = nullptr;
  std::size_t depth = 0;  // 0 for the root and for processes whose parent is not in the session
};

// Parents come before their children, siblings in order of start. The images that one pid had one
// after the other through exec follow each other at the same depth.
std::vector<ProcessRow> list_processes(const Selection& selection);

}  // namespace memwatch::analysis
