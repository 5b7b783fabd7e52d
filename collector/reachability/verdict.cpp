#include "collector/reachability/verdict.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "collector/reachability/crew.h"
#include "collector/reachability/huge_pages.h"
#include "collector/reachability/interior_index.h"
#include "collector/reachability/layout_checks.h"

namespace memwatch::reachability {

namespace {

// Which blocks were met: a bit each, for one thread or several at a time.
class Marks {
 public:
  explicit Marks(std::size_t blocks) {
    reserve_huge(words_, blocks / 64 + 1);
    words_.resize(blocks / 64 + 1);
  }

  bool operator[](std::uint32_t block) const { return (words_[block / 64] >> block % 64 & 1) != 0; }
  // False: it was met before.
  bool set(std::uint32_t block) {
    const bool is_new = !(*this)[block];
    words_[block / 64] |= std::uint64_t{1} << block % 64;
    return is_new;
  }
  // The same, while other threads do it: of those that meet it at once one is told that it is new.
  // Relaxed: the bit publishes nothing; what that thread writes of the block is read by others
  // after it was joined.
  bool set_among_others(std::uint32_t block) {
    const std::atomic_ref<std::uint64_t> word(words_[block / 64]);
    const std::uint64_t bit = std::uint64_t{1} << block % 64;
    if ((word.load(std::memory_order_relaxed) & bit) != 0) return false;
    return (word.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// Marks blocks, breadth first. Blocks ahead in the queue are brought into the cache.
//
// A long stretch of the queue is shared among threads where nobody asks for links, that is, by
// which pointer a block was met first: which blocks are met does not depend on the order.
class Marker {
 public:
  Marker(const Scan& scan, const InteriorIndex& interior, Marks& marks, Verdicts& verdicts)
      : scan_(scan), interior_(interior), marks_(marks), links_(verdicts.links) {
    reserve_huge(queue_, scan.blocks().size());
  }

  // `from`: the block that leads to it, or kNoBlock for a root.
  void mark(std::uint32_t block, std::uint32_t from) {
    if (!marks_.set(block)) return;
    if (!links_.empty()) links_[block] = {from, from == kNoBlock ? 0 : links_[from].depth + 1};
    queue_.push_back(block);
  }

  // Follows all pointers until nothing new is found.
  void follow_all() {
    while (next_ < queue_.size()) {
      follow_until(queue_.size(),
                   [this](std::uint32_t block, const InteriorEdge& edge) { mark(edge.to, block); });
    }
    start_anew();
  }

  // Follows pointers to starts, by as many threads as the scan has; `open`: gets the interior edges
  // of every block met.
  void follow_starts(InteriorEdges& open) {
    while (next_ < queue_.size()) {
      const std::size_t end = queue_.size();
      if (scan_.threads() > 1 && links_.empty() && end - next_ >= kWorthThreads) {
        follow_together(end, open);
      } else {
        follow_until(end, [&](std::uint32_t, const InteriorEdge& edge) { open.push_back(&edge); });
      }
    }
    start_anew();
  }

 private:
  template <typename Interior>
  void follow_until(std::size_t end, Interior each) {
    for (; next_ < end; ++next_) {
      const std::uint32_t block = queue_[next_];
      prefetch(next_, queue_.size());
      for (const std::uint32_t to : scan_.edges_of(block)) mark(to, block);
      for (const InteriorEdge& edge : interior_.of(block)) each(block, edge);
    }
  }

  void follow_together(std::size_t end, InteriorEdges& open) {
    struct Found {
      std::vector<std::uint32_t> blocks;
      InteriorEdges open;
    };
    std::vector<Found> found(scan_.threads());
    std::atomic<std::size_t> next{next_};
    run_crew(scan_.threads(), [&](unsigned thread) {
      Found& mine = found[thread];
      std::size_t at = 0;
      // Relaxed: the number alone; the queue stays as it was before the threads were started.
      while ((at = next.fetch_add(kPiece, std::memory_order_relaxed)) < end) {
        for (const std::size_t last = std::min(end, at + kPiece); at < last; ++at) {
          prefetch(at, end);
          for (const std::uint32_t to : scan_.edges_of(queue_[at])) {
            if (marks_.set_among_others(to)) mine.blocks.push_back(to);
          }
          for (const InteriorEdge& edge : interior_.of(queue_[at])) mine.open.push_back(&edge);
        }
      }
    });
    next_ = end;
    for (const Found& one : found) {
      queue_.insert(queue_.end(), one.blocks.begin(), one.blocks.end());
      open.insert(open.end(), one.open.begin(), one.open.end());
    }
  }

  void prefetch(std::size_t at, std::size_t end) const {
    if (at + kFar < end) {
      scan_.prefetch_first_edge(queue_[at + kFar]);
      interior_.prefetch_first(queue_[at + kFar]);
    }
    if (at + kNear < end) {
      scan_.prefetch_edges(queue_[at + kNear]);
      interior_.prefetch(queue_[at + kNear]);
    }
  }

  void start_anew() {
    queue_.clear();
    next_ = 0;
  }

  static constexpr std::size_t kFar = 16, kNear = 8;
  // Threads are started for each stretch: the time of a thousand blocks.
  static constexpr std::size_t kWorthThreads = 8192, kPiece = 512;

  const Scan& scan_;
  const InteriorIndex& interior_;
  Marks& marks_;
  std::vector<Link>& links_;
  std::vector<std::uint32_t> queue_;
  std::size_t next_ = 0;
};

// What has been marked since the last time is of this kind. All at once, since one by one each
// would be a cache miss.
void settle(const Marks& marks, Kind kind, std::vector<Kind>& kinds) {
  for (std::uint32_t block = 0; block < kinds.size(); ++block) {
    if (marks[block] && kinds[block] == Kind::definite) kinds[block] = kind;
  }
}

}  // namespace

Verdicts judge(const Scan& scan, bool with_links) {
  const std::vector<Block>& blocks = scan.blocks();
  Verdicts verdicts;
  reserve_huge(verdicts.kinds, blocks.size());
  verdicts.kinds.assign(blocks.size(), Kind::definite);
  Marks marked(blocks.size());
  if (with_links) {
    reserve_huge(verdicts.links, blocks.size());
    verdicts.links.resize(blocks.size());
  }
  const InteriorIndex interior(scan);
  Marker marker(scan, interior, marked, verdicts);

  // Reachable. An interior edge whose block is not reached otherwise is tried by its layout; what
  // that reaches may bring further edges, so it goes on in rounds.
  InteriorEdges open, unexplained;
  for (const RootEdge& edge : scan.root_edges()) {
    if ((edge.root & kInteriorRoot) == 0) marker.mark(edge.to, kNoBlock);
  }
  for (const InteriorEdge& edge : interior.of_roots()) open.push_back(&edge);
  marker.follow_starts(open);
  LayoutChecks layouts(scan);
  InteriorEdges round;
  while (!open.empty()) {
    round.clear();
    for (const InteriorEdge* edge : open) {
      if (!marked[edge->to]) round.push_back(edge);
    }
    open.clear();
    const std::vector<std::uint8_t> explained = layouts.explained(round);
    for (std::size_t i = 0; i < round.size(); ++i) {
      const InteriorEdge* const edge = round[i];
      if (marked[edge->to]) continue;
      if (explained[i] != 0) {
        marker.mark(edge->to, edge->from);
        marker.follow_starts(open);
      } else {
        unexplained.push_back(edge);
      }
    }
  }

  settle(marked, Kind::reachable, verdicts.kinds);

  // Possible: what the edges that nothing explained lead to, by whatever pointers.
  for (const InteriorEdge* edge : unexplained) marker.mark(edge->to, edge->from);
  marker.follow_all();
  settle(marked, Kind::possible, verdicts.kinds);

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
