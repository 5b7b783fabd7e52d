#include "tests/unit/analysis/random_history.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <vector>

namespace memwatch::testing {
namespace {

struct Block {
  std::uint64_t size;
  std::size_t site;
  std::optional<unsigned int> newest_of;  // the thread whose last allocation it is; none: never
                                          // temporary
};

class History {
 public:
  History(std::uint32_t seed, const HistoryShape& shape) : random_(seed), shape_(shape) {
    for (unsigned int i = 0; i < shape.sites; ++i) {
      process_.sites.push_back({.stack = i + 1});
    }
  }

  model::Process run() {
    for (unsigned int step = 0; step < shape_.steps; ++step) {
      const std::uint32_t dice = pick(10);
      if (blocks_.empty() || dice < 5) {
        allocate();
      } else if (dice < 6) {
        reallocate();
      } else {
        free_one(dice < 8);
      }
      process_.duration = step + 1;
      if (pick(4) == 0) take_sample();
    }
    process_.heap.live_bytes = live_;
    process_.heap.live_blocks = blocks_.size();
    for (const Block& block : blocks_) ++process_.sites[block.site].live_blocks;
    return std::move(process_);
  }

 private:
  unsigned int pick(std::size_t choices) { return static_cast<unsigned int>(random_() % choices); }

  std::uint64_t random_size() {
    constexpr std::array<std::uint64_t, 6> kSizes = {0, 1, 8, 8, 100, 1000};
    return kSizes[pick(kSizes.size())];
  }

  void allocate() {
    const unsigned int thread = pick(shape_.threads);
    const std::size_t site = pick(shape_.sites);
    ++process_.totals.allocations;
    ++process_.sites[site].allocations;
    place(random_size(), site, thread, true);
  }

  void reallocate() {
    const std::size_t index = pick(blocks_.size());
    const unsigned int thread = pick(shape_.threads);
    const std::size_t site = pick(shape_.sites);
    remove(index);
    ++process_.totals.reallocations;
    ++process_.sites[site].reallocations;
    place(random_size() + 1, site, thread, false);
  }

  void free_one(bool newest) {
    const std::size_t index = newest ? blocks_.size() - 1 : pick(blocks_.size());
    const Block block = blocks_[index];
    if (block.newest_of && pick(4) != 0) {  // otherwise another thread frees it
      ++process_.totals.temporary;
      ++process_.sites[block.site].temporary;
    }
    ++process_.totals.frees;
    remove(index);
  }

  void place(std::uint64_t size, std::size_t site, unsigned int thread, bool may_be_temporary) {
    for (Block& block : blocks_) {
      if (block.newest_of == thread) block.newest_of.reset();
    }
    blocks_.push_back({size, site, {}});
    if (may_be_temporary) blocks_.back().newest_of = thread;
    model::Site& totals = process_.sites[site];
    process_.totals.allocated_bytes += size;
    totals.allocated_bytes += size;
    totals.live_bytes += size;
    totals.own_peak_bytes = std::max(totals.own_peak_bytes, totals.live_bytes);
    live_ += size;
    if (live_ <= process_.heap.peak_bytes) return;
    process_.heap.peak_bytes = live_;
    process_.heap.peak_at = process_.duration;
    for (model::Site& each : process_.sites) each.peak_bytes = each.live_bytes;
  }

  void remove(std::size_t index) {
    process_.sites[blocks_[index].site].live_bytes -= blocks_[index].size;
    live_ -= blocks_[index].size;
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void take_sample() {
    model::TimelineSample sample;
    sample.at = process_.duration;
    sample.live_bytes = live_;
    sample.allocations = process_.totals.allocations;
    process_.timeline.push_back(sample);
  }

  std::mt19937 random_;
  HistoryShape shape_;
  model::Process process_;
  std::vector<Block> blocks_;
  std::uint64_t live_ = 0;
};

}  // namespace

model::Process random_history(std::uint32_t seed, const HistoryShape& shape) {
  return History(seed, shape).run();
}

}  // namespace memwatch::testing
