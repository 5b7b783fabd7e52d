// Ranges with others cut out. Small numbers of them; not thread-safe.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "collector/reachability/memory.h"

namespace memwatch::reachability {

class RangeSet {
 public:
  explicit RangeSet(Range range) { ranges_.push_back(range); }

  void cut(Range gap) {
    if (gap.start >= gap.end) return;
    std::vector<Range> left;
    for (const Range& range : ranges_) {
      if (range.start < std::min(range.end, gap.start)) {
        left.push_back({range.start, std::min(range.end, gap.start)});
      }
      if (std::max(range.start, gap.end) < range.end) {
        left.push_back({std::max(range.start, gap.end), range.end});
      }
    }
    ranges_ = std::move(left);
  }
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
};

inline bool overlaps(const Range& a, const Range& b) {
  return a.start < b.end && b.start < a.end;
}

}  // namespace memwatch::reachability
