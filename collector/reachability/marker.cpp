#include "collector/reachability/marker.h"

#include <algorithm>
#include <atomic>

#include "collector/reachability/crew.h"
#include "collector/reachability/huge_pages.h"

namespace memwatch::reachability {

namespace {

// Enough to wait in neighbourhoods: threads are started for each round, which takes the time of
// some hundred blocks, and of each word of waiting bits there should be one.
constexpr std::size_t kManyWait = 8192, kBlocksToOneWaiting = 64;

}  // namespace

Marker::Marker(const Scan& scan, const InteriorIndex& interior, Marks& marks,
               std::vector<Link>& links)
    : scan_(scan),
      interior_(interior),
      marks_(marks),
      links_(links),
      many_wait_(std::max(kManyWait, scan.blocks().size() / kBlocksToOneWaiting)),
      waiting_(scan.blocks().size()),
      rounds_((scan.blocks().size() >> kNeighbourhoodBits) + 1) {
  reserve_huge(queue_, scan.blocks().size());
}

void Marker::mark(std::uint32_t block, std::uint32_t from) {
  if (!marks_.set(block)) return;
  if (!links_.empty()) links_[block] = {from, from == kNoBlock ? 0 : links_[from].depth + 1};
  queue_.push_back(block);
}

void Marker::follow_all() {
  while (next_ < queue_.size()) {
    follow_until(queue_.size(),
                 [this](std::uint32_t block, const InteriorEdge& edge) { mark(edge.to, block); });
  }
  start_anew();
}

void Marker::follow_starts(InteriorEdges& open) {
  while (next_ < queue_.size()) {
    const std::size_t end = queue_.size();
    if (links_.empty() && end - next_ >= many_wait_) {
      follow_neighbourhoods(open);
    } else {
      follow_until(end, [&](std::uint32_t, const InteriorEdge& edge) { open.push_back(&edge); });
    }
  }
  start_anew();
}

template <typename Interior>
void Marker::follow_until(std::size_t end, Interior each) {
  for (; next_ < end; ++next_) {
    const std::uint32_t block = queue_[next_];
    prefetch(queue_, next_);
    for (const std::uint32_t to : scan_.edges_of(block)) mark(to, block);
    for (const InteriorEdge& edge : interior_.of(block)) each(block, edge);
  }
}

void Marker::follow_neighbourhoods(InteriorEdges& open) {
  std::vector<Found> found(scan_.threads());
  for (; next_ < queue_.size(); ++next_) let_wait(queue_[next_], found[0]);
  start_anew();
  std::vector<std::uint32_t> here;
  for (;;) {
    here.clear();
    std::size_t waiting = 0;
    for (Found& one : found) {
      here.insert(here.end(), one.neighbourhoods.begin(), one.neighbourhoods.end());
      waiting += one.waiting;
      one.neighbourhoods.clear();
      one.waiting = 0;
    }
    ++round_;  // even if it is not gone: what waits from now on is for the one after
    if (waiting < many_wait_) break;
    std::atomic<std::size_t> next{0};
    run_crew(scan_.threads(), [&](unsigned thread) {
      std::size_t at = 0;
      // Relaxed: the number alone; the list stays as it was before the threads were started.
      while ((at = next.fetch_add(1, std::memory_order_relaxed)) < here.size()) {
        look_at(here[at], found[thread]);
      }
    });
  }
  // Few: one by one again.
  for (const std::uint32_t neighbourhood : here) take_waiting(neighbourhood, queue_);
  for (const Found& one : found) open.insert(open.end(), one.open.begin(), one.open.end());
}

// What other threads let wait here meanwhile is seen now, or in the next round, for which they have
// the neighbourhood put down.
void Marker::look_at(std::uint32_t neighbourhood, Found& found) {
  std::vector<std::uint32_t>& queue = found.queue;
  queue.clear();
  take_waiting(neighbourhood, queue);
  const bool is_alone = scan_.threads() == 1;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    prefetch(queue, i);
    for (const std::uint32_t to : scan_.edges_of(queue[i])) {
      if (!(is_alone ? marks_.set(to) : marks_.set_among_others(to))) continue;
      if (to >> kNeighbourhoodBits == neighbourhood) {
        queue.push_back(to);
      } else {
        let_wait(to, found);
      }
    }
    for (const InteriorEdge& edge : interior_.of(queue[i])) found.open.push_back(&edge);
  }
}

// For the next round.
void Marker::let_wait(std::uint32_t block, Found& found) {
  waiting_.set_among_others(block);
  ++found.waiting;
  // Relaxed: who is the first puts it down, no more; lists are read after the threads were joined.
  const std::uint32_t neighbourhood = block >> kNeighbourhoodBits;
  const std::atomic_ref<std::uint32_t> last(rounds_[neighbourhood]);
  if (last.load(std::memory_order_relaxed) == round_ + 1) return;
  if (last.exchange(round_ + 1, std::memory_order_relaxed) == round_ + 1) return;
  found.neighbourhoods.push_back(neighbourhood);
}

void Marker::take_waiting(std::uint32_t neighbourhood, std::vector<std::uint32_t>& to) {
  const std::size_t first = std::size_t{neighbourhood} << kNeighbourhoodBits;
  const std::size_t end =
      std::min(scan_.blocks().size(), first + (std::size_t{1} << kNeighbourhoodBits));
  waiting_.take(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end),
                [&](std::uint32_t block) { to.push_back(block); });
}

void Marker::prefetch(const std::vector<std::uint32_t>& queue, std::size_t at) const {
  constexpr std::size_t kFar = 16, kNear = 8;
  if (at + kFar < queue.size()) {
    scan_.prefetch_first_edge(queue[at + kFar]);
    interior_.prefetch_first(queue[at + kFar]);
  }
  if (at + kNear < queue.size()) {
    scan_.prefetch_edges(queue[at + kNear]);
    interior_.prefetch(queue[at + kNear]);
  }
}

void Marker::start_anew() {
  queue_.clear();
  next_ = 0;
}

}  // namespace memwatch::reachability
