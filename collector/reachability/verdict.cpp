#include "collector/reachability/verdict.h"

#include "collector/reachability/huge_pages.h"
#include "collector/reachability/interior_index.h"
#include "collector/reachability/layout_checks.h"
#include "collector/reachability/marker.h"

namespace memwatch::reachability {

namespace {

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
  Marker marker(scan, interior, marked, verdicts.links);

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
