// Looking ahead must neither trust what it reads nor change what is counted. Small processes do
// without it, so these are large ones.
#include "collector/intake/look_ahead.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/intake/tracked_process.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using namespace protocol;
using intake_testing::SegmentBuilder;

constexpr std::uint64_t kFarBlocks = 9000;  // enough for looking ahead to be worth while

TEST(LookAhead, AnyBytesWillDo) {
  std::mt19937_64 random(7);
  model::Session session;
  model::StackTable table(session);
  SegmentBuilder target;
  const Segment segment = target.take();
  const StackImporter stacks(segment, table, "/p");
  model::LiveProcess live(~0ULL);
  const std::uint32_t thread = live.thread_row(1, {});
  for (std::uint64_t i = 1; i <= 100; ++i) {
    live.allocated(Function::malloc_, i * 16, 1, {7, thread, 0});
  }
  std::vector<Slot> ring(64);
  for (int round = 0; round < 20'000; ++round) {
    for (Slot& slot : ring) {
      slot = {random(), random()};
      if (random() % 3 == 0) slot.word0 |= kExtended << kFunctionShift;
      if (random() % 3 == 0) {
        slot.word0 = encode_extended_header(static_cast<RecordType>(random() % 16),
                                            static_cast<unsigned>(random() % 9));
      }
    }
    LookAhead ahead;
    const std::uint64_t start = random();
    const std::uint64_t end = start + random() % 65;
    for (std::uint64_t at = start; at < end; ++at) {
      if (ahead.is_due(at)) ahead.look(ring.data(), ring.size() - 1, at, end, stacks, live);
    }
  }
  EXPECT_EQ(session.stacks.size(), 1U);
}

// What a program did, beside what the collector makes of its records.
class Program {
 public:
  Program() {
    ring_ = target_.add_ring(1, false);
    for (std::uint32_t i = 0; i < 3000; ++i) target_.add_node(0x1000 + i, 0);
  }
  Segment take() { return target_.take(); }
  void publish() { target_.publish(ring_); }

  void allocate() {
    const std::uint64_t address = free_address();
    const std::uint64_t size = random_() % 20 == 0 ? 32U << 20 : random_() % 4096;
    const std::uint32_t stack = draw_stack();
    if (size > kMaxShortSize) {
      target_.allocate_long(ring_, address, size, 0, stack);
    } else {
      target_.allocate(ring_, address, size, 0, stack);
    }
    put(address, size, stack);
  }
  void free() {
    const std::uint64_t address = pick();
    if (random_() % 10 == 0) {
      target_.free_long(ring_, address);
    } else {
      target_.free(ring_, address);
    }
    drop(address);
  }
  void reallocate() {
    const std::uint64_t from = pick();
    const std::uint64_t to = random_() % 2 == 0 ? from : free_address();
    const std::uint64_t size = random_() % 10'000;
    const std::uint32_t stack = draw_stack();
    const std::uint32_t old_sequence = sequences_[shard_of(from)]++;
    const std::uint32_t new_sequence = sequences_[shard_of(to)]++;
    target_.reallocate(ring_, from, to, size, old_sequence, new_sequence, stack);
    drop(from);
    put(to, size, stack);
  }
  void nonsense() {
    target_.put(ring_, {kExtended << kFunctionShift | random_() % 256, random_()});
  }
  void epoch() { target_.extended(ring_, RecordType::epoch, {++now_}); }

  [[nodiscard]] std::uint64_t blocks() const { return blocks_.size(); }
  std::uint64_t random() { return random_(); }
  // Live bytes by the pc of the allocating function.
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> live_bytes() const {
    std::map<std::uint64_t, std::uint64_t> bytes;
    for (const auto& [address, block] : blocks_) bytes[block.second] += block.first;
    return bytes;
  }

 private:
  std::uint64_t free_address() {
    std::uint64_t address = 0;
    do {
      address = 0x5555'0000'0000 + random_() % 100'000 * 16;
    } while (blocks_.contains(address));
    return address;
  }
  std::uint32_t draw_stack() { return kFirstNode + static_cast<std::uint32_t>(random_() % 3000); }
  std::uint64_t pick() { return addresses_[random_() % addresses_.size()]; }
  void put(std::uint64_t address, std::uint64_t size, std::uint32_t stack) {
    blocks_[address] = {size, 0x1000 + stack - kFirstNode};
    places_[address] = addresses_.size();
    addresses_.push_back(address);
  }
  void drop(std::uint64_t address) {
    const std::size_t place = places_[address];
    places_[addresses_.back()] = place;
    std::swap(addresses_[place], addresses_.back());
    addresses_.pop_back();
    blocks_.erase(address);
  }

  SegmentBuilder target_{ordinary_geometry()};
  std::uint32_t ring_ = 0;
  std::mt19937_64 random_{3};
  std::vector<std::uint32_t> sequences_ = std::vector<std::uint32_t>(kShards);
  std::unordered_map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> blocks_;
  std::vector<std::uint64_t> addresses_;
  std::unordered_map<std::uint64_t, std::size_t> places_;
  std::uint64_t now_ = 0;
};

TEST(LookAhead, ChangesNothingOfWhatIsCounted) {
  Program program;
  model::Session session;
  model::StackTable table(session);
  TrackedProcess process(program.take(), table, "/p", ~0ULL, false);
  std::uint64_t nonsense = 0;
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t events = program.random() % 1500;
    for (std::uint64_t i = 0; i < events; ++i) {
      const std::uint64_t dice = program.random() % 100;
      if (dice == 0) {
        program.nonsense();
        ++nonsense;
      } else if (dice == 1) {
        program.epoch();
      } else if (program.blocks() < kFarBlocks || dice < 45) {
        program.allocate();
      } else if (dice < 85) {
        program.free();
      } else {
        program.reallocate();
      }
    }
    program.publish();
    process.drain();
  }
  process.collect_losses();
  const model::Process& facts = process.live().facts;
  EXPECT_TRUE(process.live().outgrows_cache());
  EXPECT_EQ(facts.losses.damaged_records, nonsense);
  EXPECT_EQ(facts.losses.unmatched_frees + facts.losses.dropped_frees, 0U);
  EXPECT_EQ(facts.heap.live_blocks, program.blocks());
  std::map<std::uint64_t, std::uint64_t> counted;
  for (const model::Site& site : facts.sites) {
    if (site.live_bytes == 0) continue;
    counted[session.code_addresses[session.stacks[site.stack].address].offset] = site.live_bytes;
  }
  std::map<std::uint64_t, std::uint64_t> wanted = program.live_bytes();
  std::erase_if(wanted, [](const auto& row) { return row.second == 0; });
  EXPECT_EQ(counted, wanted);
}

}  // namespace
}  // namespace memwatch::intake
