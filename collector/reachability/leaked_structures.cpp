// The second half of the verdict: which of the leaked blocks are heads, and whose the others are.
#include <algorithm>

#include "collector/reachability/huge_pages.h"
#include "collector/reachability/verdict.h"

namespace memwatch::reachability {

namespace {

// An array that is looked into at random.
template <typename T = std::uint32_t>
std::vector<T> huge(std::size_t count, T value) {
  std::vector<T> array;
  reserve_huge(array, count);
  array.assign(count, value);
  return array;
}

// The leaked blocks among themselves, numbered from 0; pointers to starts and interior ones alike.
class LeakedGraph {
 public:
  LeakedGraph(const Scan& scan, const std::vector<std::uint32_t>& leaked)
      : number_(huge(scan.blocks().size(), kNoBlock)),
        first_(huge<std::uint64_t>(leaked.size() + 1, 0)) {
    for (std::uint32_t i = 0; i < leaked.size(); ++i) number_[leaked[i]] = i;
    const std::vector<InteriorEdge>& interior = scan.interior_edges();
    auto inside = std::find_if(interior.begin(), interior.end(),
                               [](const InteriorEdge& edge) { return edge.from != kNoBlock; });
    for (std::uint32_t i = 0; i < leaked.size(); ++i) {
      first_[i] = edges_.size();
      for (const std::uint32_t to : scan.edges_of(leaked[i])) add(to);
      while (inside != interior.end() && inside->from < leaked[i]) ++inside;
      for (; inside != interior.end() && inside->from == leaked[i]; ++inside) add(inside->to);
    }
    first_[leaked.size()] = edges_.size();
  }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(first_.size() - 1); }
  [[nodiscard]] std::uint64_t first(std::uint32_t node) const { return first_[node]; }
  [[nodiscard]] std::uint32_t edge(std::uint64_t at) const { return edges_[at]; }

 private:
  void add(std::uint32_t to) {
    if (number_[to] != kNoBlock) edges_.push_back(number_[to]);
  }

  std::vector<std::uint32_t> number_;
  std::vector<std::uint64_t> first_;
  std::vector<std::uint32_t> edges_;
};

// Tarjan's algorithm with its own stack: leaked lists can be millions of blocks deep.
std::vector<std::uint32_t> components_of(const LeakedGraph& graph, std::uint32_t* count) {
  constexpr std::uint32_t kUnseen = ~0U;
  std::vector<std::uint32_t> component = huge(graph.size(), kUnseen);
  std::vector<std::uint32_t> seen = huge(graph.size(), kUnseen), low = huge(graph.size(), 0U);
  std::vector<std::uint32_t> pending;
  struct Visit {
    std::uint32_t node;
    std::uint64_t edge;
  };
  std::vector<Visit> visits;
  std::uint32_t clock = 0;
  *count = 0;
  const auto enter = [&](std::uint32_t node) {
    seen[node] = low[node] = clock++;
    pending.push_back(node);
    visits.push_back({node, graph.first(node)});
  };
  for (std::uint32_t start = 0; start < graph.size(); ++start) {
    if (seen[start] != kUnseen) continue;
    enter(start);
    while (!visits.empty()) {
      const std::uint32_t node = visits.back().node;
      if (visits.back().edge < graph.first(node + 1)) {
        const std::uint32_t to = graph.edge(visits.back().edge++);
        if (seen[to] == kUnseen) {
          enter(to);
        } else if (component[to] == kUnseen) {
          low[node] = std::min(low[node], seen[to]);
        }
        continue;
      }
      visits.pop_back();
      if (!visits.empty()) low[visits.back().node] = std::min(low[visits.back().node], low[node]);
      if (low[node] != seen[node]) continue;
      std::uint32_t member = kUnseen;
      do {
        member = pending.back();
        pending.pop_back();
        component[member] = *count;
      } while (member != node);
      ++*count;
    }
  }
  return component;
}

}  // namespace

void judge_leaked(const Scan& scan, const std::vector<std::uint32_t>& leaked, Verdicts& verdicts) {
  if (leaked.empty()) return;
  const LeakedGraph graph(scan, leaked);
  std::uint32_t count = 0;
  const std::vector<std::uint32_t> component = components_of(graph, &count);

  // Heads: of each component that no other points into, the block allocated first.
  std::vector<bool> is_pointed_to(count);
  std::vector<std::uint32_t> eldest = huge(count, kNoBlock);
  const auto order = [&](std::uint32_t node) { return scan.blocks()[leaked[node]].order; };
  for (std::uint32_t node = 0; node < graph.size(); ++node) {
    for (std::uint64_t at = graph.first(node); at < graph.first(node + 1); ++at) {
      const std::uint32_t to = component[graph.edge(at)];
      if (to != component[node]) is_pointed_to[to] = true;
    }
    std::uint32_t& first = eldest[component[node]];
    if (first == kNoBlock || order(node) < order(first)) first = node;
  }
  // Their order of allocation beside them: looked up while they are sorted, each would be a miss.
  struct Head {
    std::uint32_t order, node;
  };
  std::vector<Head> heads;
  reserve_huge(heads, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!is_pointed_to[i]) heads.push_back({order(eldest[i]), eldest[i]});
  }
  std::sort(heads.begin(), heads.end(),
            [](const Head& a, const Head& b) { return a.order < b.order; });

  // What a head leads to is its own, unless an earlier head's already.
  std::vector<bool> owned(graph.size());
  std::vector<std::uint32_t> queue;
  for (const auto& [_, head] : heads) {
    owned[head] = true;
    verdicts.kinds[leaked[head]] = Kind::definite;
    queue.assign(1, head);
    for (std::size_t next = 0; next < queue.size(); ++next) {
      const std::uint32_t node = queue[next];
      for (std::uint64_t at = graph.first(node); at < graph.first(node + 1); ++at) {
        const std::uint32_t to = graph.edge(at);
        if (owned[to]) continue;
        owned[to] = true;
        verdicts.kinds[leaked[to]] = Kind::indirect;
        verdicts.owners[leaked[to]] = leaked[head];
        if (!verdicts.links.empty()) {
          verdicts.links[leaked[to]] = {leaked[node], verdicts.links[leaked[node]].depth + 1};
        }
        queue.push_back(to);
      }
    }
  }
}

}  // namespace memwatch::reachability
