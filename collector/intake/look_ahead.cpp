#include "collector/intake/look_ahead.h"

#include <algorithm>
#include <cstring>

namespace memwatch::intake {

using namespace protocol;

namespace {

// Slots of a group: enough to hide the memory's latency, few enough for the lines to stay.
constexpr std::uint64_t kGroup = 32;

Slot load(const Slot* ring, std::uint64_t mask, std::uint64_t position) {
  Slot copy{};
  std::memcpy(&copy, ring + (position & mask), sizeof copy);
  return copy;
}

std::uint32_t low(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}

// Tells `visit` the address of each block that the records touch, and the stack node of those that
// come, 0 for those that go: allocations and frees follow each other as they like, so a branch
// between them would be guessed wrong often. Returns the position of the first record not visited.
template <typename Visit>
std::uint64_t visit_blocks(const Slot* ring, std::uint64_t mask, std::uint64_t position,
                           std::uint64_t end, Visit visit) {
  while (position < end) {
    const Slot first = load(ring, mask, position);
    if (record_tag(first) != kExtended) [[likely]] {
      const ShortRecord record = decode_short(first);
      visit(record.address, record.stack);
      ++position;
      continue;
    }
    const RecordType type = extended_type(first);
    if (type == RecordType::free) visit(first.word1, 0);
    if (type == RecordType::allocation) {
      visit(first.word1, low(load(ring, mask, position + 1).word1));
    }
    if (type == RecordType::reallocation) {
      visit(first.word1, 0);
      visit(load(ring, mask, position + 1).word0, low(load(ring, mask, position + 2).word0));
    }
    position += std::max(1U, slots_of(type));
  }
  return position;
}

}  // namespace

void LookAhead::look(const Slot* ring, std::uint64_t mask, std::uint64_t position,
                     std::uint64_t end, const StackImporter& stacks,
                     const model::LiveProcess& live) {
  const auto fetch_keys = [&](std::uint64_t address, std::uint32_t node) {
    live.prefetch_block(address);
    stacks.prefetch(node);
  };
  const auto fetch_rows = [&](std::uint64_t, std::uint32_t node) {
    live.prefetch_row(stacks.known(node));
  };
  const auto fetch_sites = [&](std::uint64_t address, std::uint32_t node) {
    live.prefetch_site(address, node == 0, stacks.known(node));
  };
  const bool rows_are_far = live.rows_outgrow_cache();
  const bool sites_are_far = live.sites_outgrow_cache();
  const auto visit = [&](std::uint64_t from, std::uint64_t to, auto what) {
    return visit_blocks(ring, mask, from, std::min(to, end), what);
  };
  if (keys_until_ <= position) {
    rows_until_ = visit(position, position + kGroup, fetch_keys);
    keys_until_ = visit(rows_until_, rows_until_ + kGroup, fetch_keys);
    if (rows_are_far) visit(position, rows_until_, fetch_rows);
  }
  const std::uint64_t group_end = rows_until_;
  rows_until_ = keys_until_;
  keys_until_ = visit(rows_until_, rows_until_ + kGroup, fetch_keys);
  if (rows_are_far) visit(group_end, rows_until_, fetch_rows);
  // What the next group is due at; the sites themselves lie near where there are few.
  sites_until_ = group_end;
  if (sites_are_far) visit(position, group_end, fetch_sites);
}

}  // namespace memwatch::intake
