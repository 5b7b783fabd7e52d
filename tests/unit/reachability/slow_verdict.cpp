#include "tests/unit/reachability/slow_verdict.h"

#include <algorithm>

#include "collector/reachability/known_layouts.h"

namespace memwatch::reachability {

namespace {

struct Edge {
  std::size_t to;
  bool to_start;
};

class Slow {
 public:
  Slow(const std::vector<Block>& blocks, Memory& memory) : blocks_(blocks), memory_(memory) {
    edges_.resize(blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      for (std::uint64_t at = (blocks[i].address + 7) & ~7ULL;
           at + 8 <= blocks[i].address + blocks[i].size; at += 8) {
        if (const auto word = memory.word(at)) add(*word, edges_[i]);
      }
    }
  }

  void add(std::uint64_t word, std::vector<Edge>& edges) {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const std::uint64_t offset = word - blocks_[i].address;
      if (offset != 0 && offset >= blocks_[i].size) continue;
      edges.push_back({i, offset == 0 || explains_interior(memory_, blocks_[i].address,
                                                           blocks_[i].size, offset)});
    }
  }

  // What the seeds lead to, seeds included.
  [[nodiscard]] std::vector<bool> closure(std::vector<bool> seeds, bool starts_only) const {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < blocks_.size(); ++i) {
        if (!seeds[i]) continue;
        for (const Edge& edge : edges_[i]) {
          if ((edge.to_start || !starts_only) && !seeds[edge.to]) seeds[edge.to] = changed = true;
        }
      }
    }
    return seeds;
  }

  [[nodiscard]] std::size_t size() const { return blocks_.size(); }

 private:
  const std::vector<Block>& blocks_;
  Memory& memory_;
  std::vector<std::vector<Edge>> edges_;
};

}  // namespace

Verdicts slow_verdicts(const std::vector<Block>& blocks, const std::vector<std::uint64_t>& roots,
                       Memory& memory) {
  Slow slow(blocks, memory);
  std::vector<Edge> from_roots;
  for (const std::uint64_t word : roots) slow.add(word, from_roots);
  std::vector<bool> by_start(slow.size()), by_any(slow.size());
  for (const Edge& edge : from_roots) {
    by_any[edge.to] = true;
    if (edge.to_start) by_start[edge.to] = true;
  }
  const std::vector<bool> reachable = slow.closure(by_start, true);
  const std::vector<bool> possible = slow.closure(by_any, false);

  Verdicts verdicts;
  verdicts.kinds.assign(slow.size(), Kind::indirect);
  verdicts.owners.resize(slow.size());
  std::vector<std::vector<bool>> from(slow.size());
  for (std::size_t i = 0; i < slow.size(); ++i) {
    verdicts.owners[i] = static_cast<std::uint32_t>(i);
    std::vector<bool> seed(slow.size());
    seed[i] = true;
    from[i] = slow.closure(seed, false);
  }
  const auto leaked = [&](std::size_t i) { return !possible[i]; };
  std::vector<std::size_t> heads;
  for (std::size_t i = 0; i < slow.size(); ++i) {
    if (reachable[i]) {
      verdicts.kinds[i] = Kind::reachable;
    } else if (possible[i]) {
      verdicts.kinds[i] = Kind::possible;
    } else {
      // A head: whoever leads to it is led to by it, and is not older.
      bool head = true;
      for (std::size_t other = 0; other < slow.size(); ++other) {
        if (other == i || !leaked(other) || !from[other][i]) continue;
        if (!from[i][other] || blocks[other].order < blocks[i].order) head = false;
      }
      if (head) heads.push_back(i);
    }
  }
  std::sort(heads.begin(), heads.end(),
            [&](std::size_t a, std::size_t b) { return blocks[a].order < blocks[b].order; });
  for (const std::size_t head : heads) verdicts.kinds[head] = Kind::definite;
  for (std::size_t i = 0; i < slow.size(); ++i) {
    if (verdicts.kinds[i] != Kind::indirect) continue;
    for (const std::size_t head : heads) {
      if (!from[head][i]) continue;
      verdicts.owners[i] = static_cast<std::uint32_t>(head);
      break;
    }
  }
  return verdicts;
}

}  // namespace memwatch::reachability
