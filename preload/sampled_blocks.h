// The addresses of the blocks that were sampled and are alive, so that a free knows in a load and a
// compare that its block was not. Buckets of one cache line with a count each; the counts fit into
// 8 KiB. Lock-free; any thread, any signal handler.
#pragma once

#include <atomic>
#include <cstdint>

namespace memwatch::preload {

inline constexpr unsigned kSampleBucketBits = 13;
inline constexpr unsigned kSampleBuckets = 1U << kSampleBucketBits;

// How many sampled blocks there are in each bucket.
extern std::atomic<std::uint8_t> g_sampled_counts[kSampleBuckets];

inline std::uint32_t sample_bucket(std::uint64_t address) {
  return static_cast<std::uint32_t>(((address >> 4) * 0x9e3779b97f4a7c15ULL) >>
                                    (64 - kSampleBucketBits));
}

// False: for certain not. Relaxed: who frees a block got it from the thread that allocated it, and
// that hand-over made the count visible.
inline bool may_be_sampled(std::uint64_t address) {
  return g_sampled_counts[sample_bucket(address)].load(std::memory_order_relaxed) != 0;
}

// False: its bucket is full, the block cannot be sampled.
bool add_sampled_block(std::uint64_t address);

// Was it sampled? Then it no longer is.
bool remove_sampled_block_slow(std::uint64_t address);
inline bool remove_sampled_block(std::uint64_t address) {
  return may_be_sampled(address) && remove_sampled_block_slow(address);
}

}  // namespace memwatch::preload
