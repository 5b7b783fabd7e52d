#include "collector/reachability/verdict.h"

#include <algorithm>
#include <cstddef>

#include "collector/reachability/huge_pages.h"
#include "collector/reachability/known_layouts.h"

namespace memwatch::reachability {

namespace {

// Marks blocks as one kind, breadth first. Blocks ahead in the queue are brought into the cache.
class Marker {
 public:
  Marker(const Scan& scan, std::vector<bool>& marked, Verdicts& verdicts)
      : scan_(scan), marked_(marked), kinds_(verdicts.kinds), links_(verdicts.links) {
    reserve_huge(queue_, scan.blocks().size());
  }

  // `from`: the block that leads to it, or kNoBlock for a root.
  void mark(std::uint32_t block, Kind kind, std::uint32_t from) {
    if (marked_[block]) return;
    marked_[block] = true;
    kinds_[block] = kind;
    if (!links_.empty()) links_[block] = {from, from == kNoBlock ? 0 : links_[from].depth + 1};
    queue_.push_back(block);
  }

  // Follows pointers to starts until nothing new is found. each(block) for every block met.
  template <typename Each>
  void follow(Kind kind, Each each) {
    for (; next_ < queue_.size(); ++next_) {
      const std::uint32_t block = queue_[next_];
      if (next_ + kFar < queue_.size()) scan_.prefetch_first_edge(queue_[next_ + kFar]);
      if (next_ + kNear < queue_.size()) scan_.prefetch_edges(queue_[next_ + kNear]);
      for (const std::uint32_t to : scan_.edges_of(block)) mark(to, kind, block);
      each(block);
    }
    queue_.clear();
    next_ = 0;
  }

 private:
  static constexpr std::size_t kFar = 16, kNear = 8;

  const Scan& scan_;
  std::vector<bool>& marked_;
  std::vector<Kind>& kinds_;
  std::vector<Link>& links_;
  std::vector<std::uint32_t> queue_;
  std::size_t next_ = 0;
};

// Interior edges by the block they come from; those of roots come first. A bit per block says
// whether it has any, since most have none.
class InteriorIndex {
 public:
  explicit InteriorIndex(const Scan& scan)
      : edges_(scan.interior_edges()), has_any_(scan.blocks().size()) {
    for (const InteriorEdge& edge : edges_) {
      if (edge.from == kNoBlock) {
        ++roots_;
      } else {
        has_any_[edge.from] = true;
      }
    }
  }
  [[nodiscard]] std::span<const InteriorEdge> of_roots() const { return {edges_.data(), roots_}; }
  [[nodiscard]] std::span<const InteriorEdge> of(std::uint32_t block) const {
    if (!has_any_[block]) return {};
    struct ByFrom {
      bool operator()(const InteriorEdge& edge, std::uint32_t from) { return edge.from < from; }
      bool operator()(std::uint32_t from, const InteriorEdge& edge) { return from < edge.from; }
    };
    const auto [first, last] = std::equal_range(
        edges_.begin() + static_cast<std::ptrdiff_t>(roots_), edges_.end(), block, ByFrom{});
    return {first, last};
  }

 private:
  const std::vector<InteriorEdge>& edges_;
  std::size_t roots_ = 0;
  std::vector<bool> has_any_;
};

}  // namespace

Verdicts judge(const Scan& scan, bool with_links) {
  const std::vector<Block>& blocks = scan.blocks();
  Verdicts verdicts;
  reserve_huge(verdicts.kinds, blocks.size());
  verdicts.kinds.assign(blocks.size(), Kind::definite);
  std::vector<bool> marked(blocks.size());
  if (with_links) {
    reserve_huge(verdicts.links, blocks.size());
    verdicts.links.resize(blocks.size());
  }
  Marker marker(scan, marked, verdicts);
  const InteriorIndex interior(scan);

  // Reachable. An interior edge whose block is not reached otherwise is tried by its layout; what
  // that reaches may bring further edges, so it goes on in rounds.
  std::vector<const InteriorEdge*> open, unexplained;
  for (const RootEdge& edge : scan.root_edges()) {
    if ((edge.root & kInteriorRoot) == 0) marker.mark(edge.to, Kind::reachable, kNoBlock);
  }
  for (const InteriorEdge& edge : interior.of_roots()) open.push_back(&edge);
  const auto note_interior = [&](std::uint32_t block) {
    for (const InteriorEdge& edge : interior.of(block)) open.push_back(&edge);
  };
  marker.follow(Kind::reachable, note_interior);
  while (!open.empty()) {
    std::vector<const InteriorEdge*> round;
    round.swap(open);
    for (const InteriorEdge* edge : round) {
      if (marked[edge->to]) continue;
      const Block& to = blocks[edge->to];
      if (explains_interior(scan.memory(), to.address, to.size, edge->offset)) {
        marker.mark(edge->to, Kind::reachable, edge->from);
        marker.follow(Kind::reachable, note_interior);
      } else {
        unexplained.push_back(edge);
      }
    }
  }

  // Possible: what the edges that nothing explained lead to, by whatever pointers.
  for (const InteriorEdge* edge : unexplained) marker.mark(edge->to, Kind::possible, edge->from);
  marker.follow(Kind::possible, [&](std::uint32_t block) {
    for (const InteriorEdge& edge : interior.of(block)) {
      marker.mark(edge.to, Kind::possible, block);
    }
  });

  reserve_huge(verdicts.owners, blocks.size());
  std::vector<std::uint32_t> leaked;
  reserve_huge(leaked, blocks.size());
  for (std::uint32_t block = 0; block < blocks.size(); ++block) {
    verdicts.owners.push_back(block);
    if (!marked[block]) leaked.push_back(block);
  }
  judge_leaked(scan, leaked, verdicts);
  return verdicts;
}

}  // namespace memwatch::reachability
