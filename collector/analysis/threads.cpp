#include "collector/analysis/threads.h"

#include <algorithm>

namespace memwatch::analysis {

std::vector<ThreadRow> list_threads(const Selection& selection) {
  std::vector<ThreadRow> rows;
  double total = 0;
  for (const model::Process* process : selection.processes()) {
    for (const model::ThreadTotals& thread : process->threads) {
      rows.push_back(ThreadRow{process, &thread, 0});
      total += static_cast<double>(thread.allocated_bytes);
    }
  }
  for (ThreadRow& row : rows) {
    if (total > 0) row.share = static_cast<double>(row.thread->allocated_bytes) / total;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const ThreadRow& a, const ThreadRow& b) {
    if (a.thread->allocated_bytes != b.thread->allocated_bytes) {
      return a.thread->allocated_bytes > b.thread->allocated_bytes;
    }
    return a.thread->allocations > b.thread->allocations;
  });
  return rows;
}

}  // namespace memwatch::analysis
