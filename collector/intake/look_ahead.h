// Reads a few records ahead of the one that is applied and brings the memory that applying them
// will touch into the cache, all of it at once instead of one wait after another. A hint and
// nothing else: what it read is not kept, nothing is counted, and any bytes will do.
//
// In two steps, a group of records apart, because where a block lies in the table of live blocks is
// known from its record, but which site a free will change only from the block:
//
//   applied           sites fetched           buckets fetched          published
//   ─────────────────┤ group n ──────────────┤ group n+1 ─────────────┤ not looked at ─┤
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

  // Looks at what is complete from `position` up to `end`, two groups at most.
  void look(const protocol::Slot* ring, std::uint64_t mask, std::uint64_t position,
            std::uint64_t end, const StackImporter& stacks, const model::LiveProcess& live);

 private:
  // Positions in the ring, each the start of a record.
  std::uint64_t sites_until_ = 0;
  std::uint64_t buckets_until_ = 0;
};

}  // namespace memwatch::intake
