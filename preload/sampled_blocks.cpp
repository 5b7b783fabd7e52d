#include "preload/sampled_blocks.h"

namespace memwatch::preload {

constinit std::atomic<std::uint8_t> g_sampled_counts[kSampleBuckets] = {};

namespace {

constexpr unsigned kPlaces = 8;

struct alignas(64) Bucket {
  // Complements of addresses, so that a leak check does not take them for pointers; 0: empty.
  std::atomic<std::uint64_t> addresses[kPlaces];
};
constinit Bucket g_buckets[kSampleBuckets] = {};

}  // namespace

bool add_sampled_block(std::uint64_t address) {
  const std::uint32_t bucket = sample_bucket(address);
  for (std::atomic<std::uint64_t>& place : g_buckets[bucket].addresses) {
    std::uint64_t empty = 0;
    // Relaxed, as is all here: the block's own hand-over between threads orders the accesses to it.
    if (place.load(std::memory_order_relaxed) == 0 &&
        place.compare_exchange_strong(empty, ~address, std::memory_order_relaxed)) {
      g_sampled_counts[bucket].fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

bool remove_sampled_block_slow(std::uint64_t address) {
  const std::uint32_t bucket = sample_bucket(address);
  for (std::atomic<std::uint64_t>& place : g_buckets[bucket].addresses) {
    if (place.load(std::memory_order_relaxed) != ~address) continue;
    place.store(0, std::memory_order_relaxed);  // nobody else may have it: a block is freed once
    g_sampled_counts[bucket].fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace memwatch::preload
