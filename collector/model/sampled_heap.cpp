#include "collector/model/sampled_heap.h"

#include <cmath>

namespace memwatch::model {

Estimate estimate_of(std::uint64_t size, std::uint64_t interval, std::uint64_t random) {
  if (interval == 0) return Estimate{1, size, 0};
  const double p = -std::expm1(-(static_cast<double>(size) + 1) / static_cast<double>(interval));
  const double blocks = 1 / p;
  const double whole = std::floor(blocks);
  const double chance = static_cast<double>(random >> 11) * 0x1p-53;
  const auto s = static_cast<double>(size);
  return Estimate{static_cast<std::uint64_t>(whole) + (chance < blocks - whole ? 1 : 0),
                  static_cast<std::uint64_t>(std::llround(s / p)), (1 - p) / (p * p) * s * s};
}

bool SampledHeap::add(std::uint64_t address, const SampledBlock& block, SampledBlock* stale) {
  const auto [at, is_new] = blocks_.try_emplace(address, block);
  if (is_new) return false;
  *stale = at->second;
  at->second = block;
  return true;
}

bool SampledHeap::remove(std::uint64_t address, SampledBlock* removed) {
  const auto at = blocks_.find(address);
  if (at == blocks_.end()) return false;
  *removed = at->second;
  blocks_.erase(at);
  return true;
}

std::uint64_t SampledHeap::next_random() {
  // SplitMix64 (Steele, Lea and Flood 2014).
  std::uint64_t z = random_ += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace memwatch::model
