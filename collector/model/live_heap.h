// The live blocks of one process: address → size, site, allocating thread and the cohort they were
// born in (live_process.h says what cohorts are). Every event of the
// traced program is one look-up here, nearly always in memory that no cache holds, so this table
// decides how many events a second one core takes in.
//
// A hash table of buckets, each one cache line with four places of 16 bytes:
//
//   word 0   63    60 59    48 47                                  0
//           | cohort | thread |               address               |   address 0: empty
//   word 1   63                      32 31                          0
//           |          site            |           size             |
//
// A block lies in the first bucket, from its home bucket on, that had room. So a look-up ends at
// the first bucket with an empty place, and five in six touch a single line; places of a bucket are
// filled from the left. A removal from a full bucket moves a block back that had passed it by
// (backward-shift deletion, Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R).
// The few blocks that do not fit (4 GiB or more, addresses of 2^48 or above) are in a map beside.
//
// The buckets are divided into parts that grow by themselves, so the old and the new buckets of
// only one of them exist at a time. Bytes per block: 16 / 0.75 = 21.3 just before the parts double,
// 42.7 just after. They never shrink: the largest number of blocks so far is what counts.
// One owner, not thread-safe.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "collector/model/huge_array.h"
#include "collector/model/prefetch.h"

namespace memwatch::model {

struct LiveBlock {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint32_t site = 0;  // index into the process's sites
  // Who allocated it and when, as it lies in the table: two fields would cost every event more.
  std::uint32_t origin = 0;

  static constexpr unsigned kThreadBits = 12;
  static constexpr std::uint32_t kThreadMask = (1U << kThreadBits) - 1;
  // An index into the process's threads, at most kThreadMask, and the cohort, below 16.
  static constexpr std::uint32_t origin_of(std::uint32_t thread, std::uint32_t cohort) {
    return thread | cohort << kThreadBits;
  }
  [[nodiscard]] std::uint32_t thread() const { return origin & kThreadMask; }
  [[nodiscard]] std::uint32_t cohort() const { return origin >> kThreadBits; }
};

class LiveHeap {
 public:
  LiveHeap();

  // The block at this address.
  [[nodiscard]] std::optional<LiveBlock> find(std::uint64_t address) const;

  // Adds a block, whose address must not be 0. True when there was one at this address: it is
  // replaced, and handed out in `stale`.
  bool add(const LiveBlock& block, LiveBlock* stale);

  // Removes the block at this address into `removed`; false when there is none.
  bool remove(std::uint64_t address, LiveBlock* removed);

  // Brings the bucket that a look-up of this address reads first into the cache. Any address will
  // do.
  void prefetch(std::uint64_t address) const {
    const std::uint64_t mixed = hash(address);
    const Part& part = parts_[part_index(mixed)];
    prefetch_line(&part.buckets[home_in(part, mixed)]);
  }

  // The site of the block at this address if it lies in its home bucket, else some other number:
  // good enough to prefetch by. Where the bucket is full, the next one is brought into the cache:
  // the look-up will go on there. Any address will do.
  [[nodiscard]] std::uint32_t likely_site(std::uint64_t address) const {
    const std::uint64_t mixed = hash(address);
    const Part& part = parts_[part_index(mixed)];
    const std::uint32_t home = home_in(part, mixed);
    const Bucket& bucket = part.buckets[home];
    prefetch_line(&part.buckets[(home + (bucket.is_full() ? 1 : 0)) & part.mask]);
    return bucket.places[bucket.position(address) % kPlaces].site();
  }

  [[nodiscard]] std::uint64_t size() const { return count_ + odd_.size(); }

  // Cohorts 2k and 2k + 1 become cohort k, for every block.
  void halve_cohorts();

  // Calls each(block) for every block, in no order.
  template <typename Each>
  void for_each(Each each) const {
    for (const Part& part : parts_) {
      for (std::size_t i = 0; i <= part.mask; ++i) {
        for (const Place& place : part.buckets[i].places) {
          if (place.address() != 0) each(unpack(place));
        }
      }
    }
    for (const auto& [address, block] : odd_) each(block);
  }

 private:
  struct Place {
    std::uint64_t address_and_thread = 0;
    std::uint64_t size_and_site = 0;

    [[nodiscard]] std::uint64_t address() const { return address_and_thread & kAddressMask; }
    [[nodiscard]] std::uint32_t site() const {
      return static_cast<std::uint32_t>(size_and_site >> kSizeBits);
    }
  };
  static constexpr std::uint32_t kPlaces = 4;
  struct alignas(64) Bucket {
    std::array<Place, kPlaces> places;

    // Both without branches: where in its bucket a block lies is chance, so the processor would
    // guess wrong at every second look-up.
    //
    // The place with this address, or kPlaces.
    [[nodiscard]] std::uint32_t position(std::uint64_t address) const {
      return static_cast<std::uint32_t>(std::countr_zero(
          bit(0, address) | bit(1, address) | bit(2, address) | bit(3, address) | 1U << kPlaces));
    }
    // Places in use: the first one that is empty, for they are filled from the left.
    [[nodiscard]] std::uint32_t count() const { return position(0); }
    [[nodiscard]] bool is_full() const { return places.back().address() != 0; }

   private:
    [[nodiscard]] std::uint32_t bit(std::uint32_t place, std::uint64_t address) const {
      return static_cast<std::uint32_t>(places[place].address() == address) << place;
    }
  };
  static_assert(sizeof(Bucket) == 64);

  struct Part {
    HugeArray<Bucket> buckets;
    std::uint32_t mask = 0;   // number of buckets, less one
    std::uint32_t count = 0;  // of blocks
  };

  static constexpr unsigned kPartBits = 4;
  static constexpr std::uint32_t kInitialBuckets = 8;
  static constexpr unsigned kAddressBits = 48;
  static constexpr unsigned kSizeBits = 32;
  static constexpr unsigned kCohortShift = kAddressBits + LiveBlock::kThreadBits;
  static constexpr std::uint64_t kAddressMask = (1ULL << kAddressBits) - 1;
  static constexpr std::uint64_t kSizeMask = (1ULL << kSizeBits) - 1;

  static std::uint64_t hash(std::uint64_t address) {
    const std::uint64_t mixed = address * 0x9e3779b97f4a7c15ULL;
    return mixed ^ (mixed >> 32);
  }
  static std::size_t part_index(std::uint64_t hash) { return hash & ((1U << kPartBits) - 1); }
  static std::uint32_t home_in(const Part& part, std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> kPartBits) & part.mask;
  }
  static bool fits(const LiveBlock& block) {
    return (block.address >> kAddressBits) == 0 && (block.size >> kSizeBits) == 0 &&
           (block.origin >> (64 - kAddressBits)) == 0;
  }
  static Place pack(const LiveBlock& block) {
    return {block.address | (static_cast<std::uint64_t>(block.origin) << kAddressBits),
            block.size | (static_cast<std::uint64_t>(block.site) << kSizeBits)};
  }
  static LiveBlock unpack(const Place& place) {
    return {place.address(), place.size_and_site & kSizeMask, place.site(),
            static_cast<std::uint32_t>(place.address_and_thread >> kAddressBits)};
  }

  // Three quarters of the places; three eighths while all parts together fit the nearer caches:
  // then few buckets are full, and whether one is can be guessed (1000 blocks: 39 → 44 M events/s).
  static constexpr std::uint32_t kNearBuckets = 1024;  // of a part: 1 MB in all
  static std::uint32_t most_blocks(std::uint32_t mask) {
    return mask < kNearBuckets ? mask + mask / 2 : 3 * mask;
  }

  static void put(Part& part, std::uint64_t hash, const Place& place);
  static void take(Part& part, std::uint32_t at, std::uint32_t place);
  static void move_back(Part& part, std::uint32_t gap);
  static void grow(Part& part);
  bool remove_ordinary(std::uint64_t address, LiveBlock* removed);
  bool remove_odd(std::uint64_t address, LiveBlock* removed);
  bool add_odd(const LiveBlock& block, LiveBlock* stale);

  std::array<Part, 1U << kPartBits> parts_;
  std::uint64_t count_ = 0;                           // in the parts
  std::unordered_map<std::uint64_t, LiveBlock> odd_;  // what does not fit into a place
};

}  // namespace memwatch::model
