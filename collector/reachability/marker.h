// Marks all blocks that pointers lead to. A few at a time are followed one by one, first met first,
// with those ahead in the queue on their way to the cache. Where many wait at once (kManyWait),
// that would still be two cache misses for each block of a heap of gigabytes. So they wait in
// neighbourhoods of 4096 blocks, each of which fits into the nearer caches with all its pointers;
// one after another is looked at for all that waits in it, pointers within it at once. What leads
// elsewhere waits there for the next round. Each round is shared among the scan's threads.
//
// Which blocks are marked does not depend on the order in which pointers are followed. By which
// pointer a block was met first does, and shortest ways are wanted there: with links, blocks are
// followed one by one.
//
// Refers to all it is given. To the outside single-threaded; throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/reachability/interior_index.h"
#include "collector/reachability/marks.h"
#include "collector/reachability/scan.h"
#include "collector/reachability/verdict.h"

namespace memwatch::reachability {

class Marker {
 public:
  // `links`: of each block, filled as it is met; or empty.
  Marker(const Scan& scan, const InteriorIndex& interior, Marks& marks, std::vector<Link>& links);

  // `from`: the block that leads to it, or kNoBlock for a root.
  void mark(std::uint32_t block, std::uint32_t from);

  // Follows all pointers until nothing new is found.
  void follow_all();

  // Follows pointers to starts; `open`: gets the interior edges of every block met, in any order.
  void follow_starts(InteriorEdges& open);

 private:
  // What one thread finds in a round.
  struct Found {
    std::vector<std::uint32_t> neighbourhoods;  // where it is the first to have something wait
    std::size_t waiting = 0;                    // at most: blocks left for the next round
    InteriorEdges open;
    std::vector<std::uint32_t> queue;  // in the neighbourhood that is looked at
  };

  template <typename Interior>
  void follow_until(std::size_t end, Interior each);
  void follow_neighbourhoods(InteriorEdges& open);
  void look_at(std::uint32_t neighbourhood, Found& found);
  void let_wait(std::uint32_t block, Found& found);
  void take_waiting(std::uint32_t neighbourhood, std::vector<std::uint32_t>& to);
  void prefetch(const std::vector<std::uint32_t>& queue, std::size_t at) const;
  void start_anew();

  static constexpr unsigned kNeighbourhoodBits = 12;

  const Scan& scan_;
  const InteriorIndex& interior_;
  Marks& marks_;
  std::vector<Link>& links_;
  std::vector<std::uint32_t> queue_;
  std::size_t next_ = 0;

  std::size_t many_wait_;
  Marks waiting_;                      // marked, not yet looked at; in neighbourhoods alone
  std::vector<std::uint32_t> rounds_;  // by neighbourhood: the last in which something waits there
  std::uint32_t round_ = 0;
};

}  // namespace memwatch::reachability
