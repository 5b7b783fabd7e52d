// The interior edges of a scan by the block they come from. Refers to the scan's edges, which are
// in the order of blocks, those of roots first. Built once, then read by any number of threads;
// throws std::bad_alloc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/reachability/scan.h"

namespace memwatch::reachability {

// As a round of the verdict collects them.
using InteriorEdges = std::vector<const InteriorEdge*>;

class InteriorIndex {
 public:
  explicit InteriorIndex(const Scan& scan)
      : edges_(scan.interior_edges()), first_of_((scan.blocks().size() >> kBits) + 2) {
    while (roots_ < edges_.size() && edges_[roots_].from == kNoBlock) ++roots_;
    std::size_t stretch = 0;
    first_of_[0] = roots_;
    for (std::size_t i = roots_; i < edges_.size(); ++i) {
      while (stretch < edges_[i].from >> kBits) first_of_[++stretch] = i;
    }
    while (++stretch < first_of_.size()) first_of_[stretch] = edges_.size();
  }

  [[nodiscard]] std::span<const InteriorEdge> of_roots() const { return {edges_.data(), roots_}; }
  [[nodiscard]] std::span<const InteriorEdge> of(std::uint32_t block) const {
    const std::size_t first = first_of_[block >> kBits], end = first_of_[(block >> kBits) + 1];
    if (first == end) return {};  // most have none
    struct ByFrom {
      bool operator()(const InteriorEdge& edge, std::uint32_t from) { return edge.from < from; }
      bool operator()(std::uint32_t from, const InteriorEdge& edge) { return from < edge.from; }
    };
    const InteriorEdge* const edges = edges_.data();
    const auto [from, to] = std::equal_range(edges + first, edges + end, block, ByFrom{});
    return {from, to};
  }
  // Brings what of() reads into the cache: the first step some time before the second.
  void prefetch_first(std::uint32_t block) const { __builtin_prefetch(&first_of_[block >> kBits]); }
  void prefetch(std::uint32_t block) const {
    const std::size_t first = first_of_[block >> kBits];
    if (first < edges_.size()) __builtin_prefetch(&edges_[first]);
  }

 private:
  static constexpr unsigned kBits = 4;  // blocks to a stretch: a few neighbouring lines to search

  const std::vector<InteriorEdge>& edges_;
  std::size_t roots_ = 0;
  std::vector<std::size_t> first_of_;  // per stretch of blocks, its first edge
};

}  // namespace memwatch::reachability
