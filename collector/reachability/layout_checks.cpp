#include "collector/reachability/layout_checks.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "collector/reachability/crew.h"
#include "collector/reachability/huge_pages.h"
#include "collector/reachability/known_layouts.h"

namespace memwatch::reachability {

namespace {

// From so many on they are worth sorting, and threads.
constexpr std::size_t kMany = 4096;
// Blocks in whose order edges are brought together first: some hundred kilobytes of heap.
constexpr unsigned kGroupBits = 12;

}  // namespace

LayoutChecks::LayoutChecks(const Scan& scan) : scan_(scan) {
  memories_.reserve(scan.threads());
  for (unsigned i = 0; i < scan.threads(); ++i) {
    memories_.push_back(std::make_unique<PagedMemory>(scan.memory()));
  }
}

std::vector<std::uint8_t> LayoutChecks::explained(const InteriorEdges& edges) {
  std::vector<std::uint8_t> answers;
  reserve_huge(answers, edges.size());
  answers.resize(edges.size());
  if (edges.size() >= kMany && edges.size() <= ~std::uint32_t{0}) {
    check_many(edges, answers);
  } else {
    for (std::size_t i = 0; i < edges.size(); ++i) check(*memories_[0], edges, i, answers);
  }
  return answers;
}

void LayoutChecks::check(PagedMemory& memory, const InteriorEdges& edges, std::size_t number,
                         std::vector<std::uint8_t>& answers) const {
  const InteriorEdge& edge = *edges[number];
  const Block& to = scan_.blocks()[edge.to];
  answers[number] = explains_interior(memory, to.address, to.size, edge.offset) ? 1 : 0;
}

// Two steps, as the blocks are sorted themselves: brought together by groups of blocks, then each
// group, which the nearer caches hold, sorted and looked through.
void LayoutChecks::check_many(const InteriorEdges& edges, std::vector<std::uint8_t>& answers) {
  const std::size_t groups = (scan_.blocks().size() >> kGroupBits) + 1;
  std::vector<std::size_t> end_of(groups + 1);
  for (const InteriorEdge* edge : edges) ++end_of[(edge->to >> kGroupBits) + 1];
  for (std::size_t group = 0; group < groups; ++group) end_of[group + 1] += end_of[group];
  const std::vector<std::size_t> first_of = end_of;
  std::vector<std::uint32_t> numbers;
  reserve_huge(numbers, edges.size());
  numbers.resize(edges.size());
  for (std::size_t i = 0; i < edges.size(); ++i) {
    numbers[end_of[edges[i]->to >> kGroupBits]++] = static_cast<std::uint32_t>(i);
  }
  std::atomic<std::size_t> next{0};
  // Relaxed: the number alone; answers are read after the threads were joined.
  run_crew(scan_.threads(), [&](unsigned thread) {
    std::size_t group = 0;
    while ((group = next.fetch_add(1, std::memory_order_relaxed)) < groups) {
      const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(first_of[group]);
      const auto end = numbers.begin() + static_cast<std::ptrdiff_t>(first_of[group + 1]);
      std::sort(first, end,
                [&](std::uint32_t a, std::uint32_t b) { return edges[a]->to < edges[b]->to; });
      for (auto number = first; number != end; ++number) {
        check(*memories_[thread], edges, *number, answers);
      }
    }
  });
}

}  // namespace memwatch::reachability
