#include "collector/intake/unrecorded_children.h"

#include <numeric>

namespace memwatch::intake {

UnrecordedChildren unrecorded_children(const protocol::SegmentHeader& header,
                                       const UnrecordedChildren& before) {
  UnrecordedChildren children{};
  for (std::size_t why = 0; why < children.size(); ++why) {
    // Relaxed: a counter. Modulo 2^32, as the target counts.
    children[why] = header.children_unrecorded[why].load(std::memory_order_relaxed) - before[why];
  }
  return children;
}

std::uint64_t sum_of(const UnrecordedChildren& children) {
  return std::accumulate(children.begin(), children.end(), std::uint64_t{0});
}

}  // namespace memwatch::intake
