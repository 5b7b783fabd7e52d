#include "collector/intake/look_ahead.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace memwatch::intake {

using namespace protocol;

namespace {

Slot load(const Slot* ring, std::uint64_t mask, std::uint64_t position) {
  Slot copy{};
  std::memcpy(&copy, ring + (position & mask), sizeof copy);
  return copy;
}

// The blocks that some records will touch, and the stack nodes of those that come: 0 for blocks
// that go.
struct Blocks {
  std::array<std::uint64_t, kLookAheadSlots> addresses;
  std::array<std::uint32_t, kLookAheadSlots> nodes;
  std::size_t count = 0;

  void add(std::uint64_t address, std::uint32_t node, const model::LiveProcess& live) {
    live.prefetch_block(address);
    addresses[count] = address;
    nodes[count] = node;
    ++count;
  }
};

}  // namespace

// Allocations and frees alternate as they like, so whatever is a branch between them is guessed
// wrong often: both are treated alike.
void look_ahead(const Slot* ring, std::uint64_t mask, std::uint64_t position, std::uint64_t end,
                const StackImporter& stacks, const model::LiveProcess& live) {
  Blocks blocks;
  end = std::min(end, position + kLookAheadSlots);
  while (position < end) {
    const Slot slot = load(ring, mask, position);
    if (record_tag(slot) != kExtended) [[likely]] {
      const ShortRecord record = decode_short(slot);
      blocks.add(record.address, record.stack, live);
      ++position;
      continue;
    }
    const RecordType type = extended_type(slot);
    const unsigned slots = std::max(1U, slots_of(type));
    if (end - position >= slots) {
      if (type == RecordType::free) blocks.add(slot.word1, 0, live);
      if (type == RecordType::allocation) {
        const Slot last = load(ring, mask, position + 1);
        blocks.add(slot.word1, static_cast<std::uint32_t>(last.word1), live);
      }
      if (type == RecordType::reallocation) {
        blocks.add(slot.word1, 0, live);
        const std::uint64_t comes = load(ring, mask, position + 1).word0;
        const std::uint64_t packed = load(ring, mask, position + 2).word0;
        blocks.add(comes, static_cast<std::uint32_t>(packed), live);
      }
    }
    position += slots;
  }
  // By now the first buckets are there, and say which sites the frees will touch.
  for (std::size_t i = 0; i < blocks.count; ++i) {
    live.prefetch_site(stacks.known(blocks.nodes[i]), blocks.addresses[i]);
  }
}

}  // namespace memwatch::intake
