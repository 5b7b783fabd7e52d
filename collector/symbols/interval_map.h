// Half-open address intervals to values, built once and then only asked. Intervals may nest and
// overlap: at each address the one of greatest rank wins, then the one that starts last. Built in
// O(n log n) into disjoint pieces, so that a look-up is one binary search whatever the overlaps.
// Concurrent find() is safe after seal().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

namespace memwatch::symbols {

template <typename Value>
class IntervalMap {
 public:
  // Empty and reversed intervals are ignored.
  void add(std::uint64_t begin, std::uint64_t end, Value value, std::uint32_t rank = 0) {
    if (begin < end) intervals_.push_back({begin, end, rank, std::move(value)});
  }

  // Call once, after the last add().
  void seal() {
    std::sort(intervals_.begin(), intervals_.end(),
              [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
    std::vector<std::uint64_t> borders;
    borders.reserve(intervals_.size() * 2);
    for (const Interval& interval : intervals_) {
      borders.push_back(interval.begin);
      borders.push_back(interval.end);
    }
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());

    const auto loses = [this](std::size_t a, std::size_t b) {
      const Interval& left = intervals_[a];
      const Interval& right = intervals_[b];
      // Of two with the same start the shorter one is the more specific.
      return std::tie(left.rank, left.begin, right.end) <
             std::tie(right.rank, right.begin, left.end);
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(loses)> active(loses);
    std::size_t next = 0;
    for (const std::uint64_t border : borders) {
      while (next < intervals_.size() && intervals_[next].begin == border) active.push(next++);
      while (!active.empty() && intervals_[active.top()].end <= border) active.pop();
      const std::size_t winner = active.empty() ? kGap : active.top();
      if (pieces_.empty() || pieces_.back().winner != winner) pieces_.push_back({border, winner});
    }
  }

  [[nodiscard]] const Value* find(std::uint64_t address) const {
    auto piece = std::upper_bound(
        pieces_.begin(), pieces_.end(), address,
        [](std::uint64_t wanted, const Piece& candidate) { return wanted < candidate.begin; });
    if (piece == pieces_.begin()) return nullptr;
    --piece;
    return piece->winner == kGap ? nullptr : &intervals_[piece->winner].value;
  }

 private:
  static constexpr std::size_t kGap = ~std::size_t{0};
  struct Interval {
    std::uint64_t begin, end;
    std::uint32_t rank;
    Value value;
  };
  struct Piece {
    std::uint64_t begin;  // up to the next piece's begin
    std::size_t winner;   // index of the interval, or kGap
  };
  std::vector<Interval> intervals_;
  std::vector<Piece> pieces_;
};

}  // namespace memwatch::symbols
