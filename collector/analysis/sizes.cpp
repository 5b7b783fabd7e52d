#include "collector/analysis/sizes.h"

#include <array>
#include <cstddef>

#include "collector/analysis/deviation.h"

namespace memwatch::analysis {

SizeReport find_sizes(const Selection& selection) {
  SizeReport report;
  std::array<model::SizeBucket, model::kSizeBuckets> buckets{};
  for (const model::Process* process : selection.processes()) {
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      buckets[i].allocations += process->sizes[i].allocations;
      buckets[i].bytes += process->sizes[i].bytes;
      add_deviation(buckets[i].deviation, process->sizes[i].deviation);
      add_deviation(report.deviation, process->sizes[i].deviation);
      report.allocations += process->sizes[i].allocations;
      report.bytes += process->sizes[i].bytes;
    }
  }
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i].allocations == 0) continue;
    SizeRow row{0, 0, buckets[i].allocations, buckets[i].bytes, 0, buckets[i].deviation};
    if (i > 0) {
      row.from = std::uint64_t{1} << (i - 1);
      row.to = row.from + (row.from - 1);
    }
    row.share = static_cast<double>(row.allocations) / static_cast<double>(report.allocations);
    report.rows.push_back(row);
  }
  return report;
}

}  // namespace memwatch::analysis
