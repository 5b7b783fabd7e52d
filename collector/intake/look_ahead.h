// Reads a few records ahead of the one that is applied and brings the memory that applying them
// will touch into the cache, all of it at once instead of one wait after another. A hint and
// nothing else: what it read is not kept, nothing is counted, and any bytes will do.
//
// In steps, a group of records apart, because each step reads what the one before has fetched: a
// record names a block and a stack node; the bucket of the block names the site that a free will
// change, the node's stack names the row that names the site of an allocation.
//
//   applied       sites fetched       rows fetched       buckets, nodes fetched       published
//   ─────────────┤ group n ──────────┤ group n+1 ───────┤ group n+2 ─────────────────┤ ─ ─ ─ ─ ┤
//
// Million events a second without, and with it (tests/bench/collector): four million blocks 10 and
// 19, 100 000 sites 7 and 16, both 5 and 13; 100 000 blocks of 300 sites 26 either way. Turned
// down: fetching the slots of the ring too, which made no difference that could be told from noise.
#pragma once

#include <cstdint>

#include "collector/intake/stack_importer.h"
#include "collector/model/live_process.h"
#include "shared/record_layout.h"

namespace memwatch::intake {

class LookAhead {
 public:
  // Is it time for the next group, when the record at `position` is to be applied?
  [[nodiscard]] bool is_due(std::uint64_t position) const { return position >= sites_until_; }

  // Looks at what is complete from `position` up to `end`, three groups at most.
  void look(const protocol::Slot* ring, std::uint64_t mask, std::uint64_t position,
            std::uint64_t end, const StackImporter& stacks, const model::LiveProcess& live);

 private:
  // Positions in the ring, each the start of a record: ends of the groups.
  std::uint64_t sites_until_ = 0;
  std::uint64_t rows_until_ = 0;
  std::uint64_t keys_until_ = 0;  // of the records' own: buckets and nodes
};

}  // namespace memwatch::intake
