// Bytes no honest shim writes. The program is expected to survive (run under the address and
// undefined-behaviour sanitizers), to come to an end, and to count the damage.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <random>

#include "collector/intake/flight_reader.h"
#include "collector/intake/tracked_process.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using intake_testing::SegmentBuilder;
using protocol::encode_extended_header;
using protocol::pack_stack;
using protocol::RecordType;

class Hostile : public testing::Test {
 protected:
  void run() {
    process_.emplace(target_.take(), table_, "/p", 1ULL << 30, false);
    process_->drain();
    process_->drain_to_end();
    process_->collect_losses();
  }
  [[nodiscard]] model::Process& facts() { return process_->live().facts; }
  [[nodiscard]] std::uint64_t damage() { return facts().losses.damaged_records; }

  model::Session session_;
  model::StackTable table_{session_};
  SegmentBuilder target_;
  std::optional<TrackedProcess> process_;
  static constexpr std::uint64_t kA = 0x555500001000;
};

TEST_F(Hostile, RecordsThatMakeNoSenseAreCountedAndTheNextOnesRead) {
  const std::uint32_t ring = target_.add_ring(1, false);
  target_.put(ring, {encode_extended_header(RecordType::allocation, 0), 0});   // no slots
  target_.put(ring, {encode_extended_header(RecordType::allocation, 2), kA});  // too few
  target_.put(ring, {encode_extended_header(static_cast<RecordType>(0), 1), 0});
  target_.put(ring, {encode_extended_header(static_cast<RecordType>(200), 1), 0});
  target_.allocate(ring, 0, 5);  // address 0
  target_.allocate(ring, kA, 5, 0, 0, Function::none);
  target_.allocate(ring, kA, 5, 0, 0, Function::mmap_);  // not of the heap
  target_.publish(ring);
  run();
  EXPECT_GE(damage(), 7U);
  EXPECT_FALSE(facts().losses.exact);
  target_.allocate(ring, kA, 5);
  target_.publish(ring);
  process_->drain();
  EXPECT_EQ(facts().totals.allocations, 1U);
}

TEST_F(Hostile, LongRecordsWithImpossiblePayloadsAreCounted) {
  const std::uint32_t ring = target_.add_ring(1, false);
  const std::uint64_t nobody = std::uint64_t{1} << 60;
  target_.allocate_long(ring, 0, 5);
  target_.extended(ring, RecordType::allocation, {kA, 5, nobody});
  target_.extended(ring, RecordType::free, {kA, 1ULL << 40});
  target_.extended(ring, RecordType::free, {0, 5});
  target_.extended(ring, RecordType::reallocation, {0, kA, 5, pack_stack(0, Function::realloc_)});
  target_.extended(ring, RecordType::reallocation, {kA, 0, 5, pack_stack(0, Function::realloc_)});
  target_.extended(ring, RecordType::reallocation, {kA, kA, 5, nobody});
  target_.extended(ring, RecordType::failure, {5, nobody, 12});
  target_.extended(ring, RecordType::map, {kA, 5, pack_stack(0, Function::malloc_)});
  target_.publish(ring);
  run();
  EXPECT_EQ(damage(), 9U);
  EXPECT_EQ(facts().totals.allocations, 0U);
}

TEST_F(Hostile, ARecordThatReachesBeyondWhatIsPublishedIsNotRead) {
  const std::uint32_t ring = target_.add_ring(1, false);
  target_.put(ring, {encode_extended_header(RecordType::allocation, 3), kA});
  target_.publish(ring);
  run();
  EXPECT_EQ(damage(), 1U);
  EXPECT_EQ(facts().totals.allocations, 0U);
}

TEST_F(Hostile, PositionsThatLieAreCountedAndFollowed) {
  const std::uint32_t ring = target_.add_ring(1, false);
  target_.allocate(ring, kA, 5);
  target_.publish(ring);
  run();
  for (const std::uint64_t lie : {std::uint64_t{1} << 40, ~std::uint64_t{0}, std::uint64_t{0},
                                  std::uint64_t{1025 + 4}, std::uint64_t{3}}) {
    target_.publish_to(ring, lie);
    process_->drain();
    process_->drain_to_end();
  }
  process_->collect_losses();
  EXPECT_GT(damage(), 0U);
  EXPECT_EQ(target_.thread_slot(ring).consumed.load(), 3U);
}

// The old block is gone, the new one's number is not due yet, and the record becomes another one or
// goes by unread.
TEST_F(Hostile, HalfAReallocationThatIsOverwrittenKeepsTheBalance) {
  for (const bool is_overwritten : {true, false}) {
    SegmentBuilder target;
    const std::uint32_t ring = target.add_ring(1, true);
    target.allocate(ring, kA, 40, 0);
    const std::uint64_t at = target.tail(ring);
    target.reallocate(ring, kA, kA + 4096, 50, 1, 7);
    target.publish(ring);
    TrackedProcess process(target.take(), table_, "/p", 1ULL << 30, false);
    process.drain();
    const model::Process& facts = process.live().facts;
    ASSERT_EQ(facts.heap.live_bytes, 0U);
    if (is_overwritten) {
      for (std::uint64_t i = 0; i < 3; ++i) target.slot(ring, at + i) = protocol::Slot{};
    } else {
      target.publish_to(ring, std::uint64_t{1} << 40);
    }
    process.drain();
    EXPECT_EQ(facts.totals.frees, 1U);
    EXPECT_EQ(facts.totals.freed_bytes, 40U);
    // The next one is whole again.
    target.publish_to(ring, target.tail(ring));
    process.drain();
    target.allocate(ring, kA + 8192, 5, 0);
    target.reallocate(ring, kA + 8192, kA + 8192, 6, 1, 2);
    target.publish(ring);
    process.drain();
    EXPECT_EQ(facts.totals.reallocations, 1U);
    EXPECT_EQ(facts.heap.live_bytes, facts.totals.allocated_bytes - facts.totals.freed_bytes);
  }
}

TEST_F(Hostile, AConsumedPositionThatTheTargetOverwroteIsPutRight) {
  const std::uint32_t ring = target_.add_ring(1, false);
  target_.allocate(ring, kA, 5);
  target_.publish(ring);
  run();
  const std::uint64_t consumed = target_.thread_slot(ring).consumed.load();
  for (const std::uint64_t lie : {std::uint64_t{0}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    target_.thread_slot(ring).consumed.store(lie);
    process_->drain();
    EXPECT_EQ(target_.thread_slot(ring).consumed.load(), consumed);
  }
  EXPECT_EQ(damage(), 0U);
}

// Each of these records waits for a number that nobody will tell.
TEST_F(Hostile, ManyNumbersThatNobodyTellsHoldNothingUpForLong) {
  const std::uint32_t ring = target_.add_ring(1, true);
  for (std::uint32_t i = 0; i < 200; ++i) target_.allocate(ring, kA + i * 4096, 5, 1000 + i);
  target_.publish(ring);
  process_.emplace(target_.take(), table_, "/p", 1ULL << 30, false);
  unsigned rounds = 0;
  while (target_.thread_slot(ring).consumed.load() < target_.tail(ring)) {
    process_->drain();
    ASSERT_LT(++rounds, 5300U);  // and many at once, in the end
  }
  EXPECT_GT(rounds, 5000U);  // the first is waited for as long as ever
  EXPECT_EQ(facts().heap.live_blocks, 200U);
}

TEST_F(Hostile, ASegmentThatIsCutOffIsReadAsZerosAndSaysSo) {
  const std::uint32_t ring = target_.add_ring(1, false);
  const std::uint32_t node = target_.add_node(0x1000, 0);
  for (std::uint64_t i = 0; i < 100; ++i) target_.allocate(ring, kA + i * 16, 1, 0, node);
  target_.publish(ring);
  process_.emplace(target_.take(), table_, "/p", 1ULL << 30, false);
  process_->drain();
  EXPECT_FALSE(process_->segment().is_cut_short());
  ASSERT_EQ(ftruncate(process_->segment().descriptor(), 0), 0);
  target_.header().slots_used.store(3);  // a page of zeros by now, ours alone
  process_->drain_to_end();
  replay_flight(process_->segment(), *process_, {});
  process_->collect_losses();
  EXPECT_TRUE(process_->segment().is_cut_short());
  EXPECT_FALSE(facts().losses.exact);
  EXPECT_EQ(facts().totals.allocations, 100U);
}

TEST_F(Hostile, OtherMappingsThatAreCutOffAreNoneOfOurBusiness) {
  run();  // the handler is installed
  EXPECT_EXIT(
      {
        const int fd = memfd_create("cut", 0);
        auto* page = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
        (void)*page;
      },
      // By the signal, or by a sanitizer that stands in front of it.
      [](int status) { return status != 0; }, "");
}

TEST_F(Hostile, MoreThreadSlotsThanThereAreAreNotBelieved) {
  target_.add_ring(1, false);
  target_.header().slots_used.store(~0U);
  run();
  EXPECT_LE(facts().threads.size(), target_.geometry().slots + 1);
}

TEST_F(Hostile, StacksMayNotBeCyclicNorLieOutsideTheTable) {
  const std::uint32_t ring = target_.add_ring(1, false);
  const std::uint32_t self = target_.add_node(0x1000, 0);
  target_.node(self).parent = self;
  const std::uint32_t one = target_.add_node(0x2000, 0);
  const std::uint32_t two = target_.add_node(0x3000, one);
  target_.node(one).parent = two;
  target_.allocate(ring, kA, 1, 0, self);
  target_.allocate(ring, kA + 16, 1, 0, two);
  target_.allocate(ring, kA + 32, 1, 0, ~0U);
  target_.allocate(ring, kA + 48, 1, 0, two + 1);  // beyond nodes_used
  target_.publish(ring);
  run();
  EXPECT_EQ(damage(), 4U);
  EXPECT_EQ(facts().heap.live_blocks, 4U);
  for (std::size_t id = 1; id < session_.stacks.size(); ++id) {
    EXPECT_LT(session_.stacks[id].parent, id);
  }
}

TEST_F(Hostile, MoreNodesThanThereAreAreNotBelieved) {
  const std::uint32_t ring = target_.add_ring(1, false);
  target_.header().nodes_used.store(~0U);
  target_.allocate(ring, kA, 1, 0, target_.geometry().nodes);
  target_.allocate(ring, kA + 16, 1, 0, target_.geometry().nodes - 1);
  target_.publish(ring);
  run();
  EXPECT_GE(damage(), 1U);
  EXPECT_EQ(facts().heap.live_blocks, 2U);
}

TEST_F(Hostile, ModulesWithNamesOutsideTheirAreaStayUnknown) {
  const std::uint32_t ring = target_.add_ring(1, false);
  const std::uint32_t far = target_.add_module(0x1000, 0x2000, 0x1000, "/lib/far");
  target_.module(far).name_offset = ~0U;
  const std::uint32_t wide = target_.add_module(0x1000, 0x2000, 0x1000, "/lib/wide");
  target_.module(wide).name_bytes = ~0U;
  const std::uint32_t edge = target_.add_module(0x1000, 0x2000, 0x1000, "/lib/edge");
  target_.module(edge).name_offset = target_.geometry().names_bytes - 3;
  const std::uint32_t identified =
      target_.add_module(0x1000, 0x2000, 0x1000, "/lib/id", "\x01\xff");
  target_.module(identified).build_id_bytes = 255;
  std::uint64_t address = kA;
  for (const std::uint32_t module : {far, wide, edge, identified, 63U, ~0U}) {
    address += 16;
    target_.allocate(ring, address, 1, 0, target_.add_node(0x1800 + address, 0, module));
  }
  target_.header().modules_used.store(~0U);
  target_.publish(ring);
  run();
  EXPECT_GE(damage(), 4U);
  EXPECT_EQ(facts().heap.live_blocks, 6U);
  ASSERT_EQ(session_.modules.size(), 2U);
  EXPECT_EQ(session_.modules[1].path, "/lib/id");
  EXPECT_EQ(session_.modules[1].build_id.size(), 2 * sizeof(protocol::ModuleEntry::build_id));
}

TEST_F(Hostile, FlightEntriesOfNoFunctionOrNoTicketArePassedOver) {
  target_.header().flight_next.store(~0ULL);
  for (std::uint32_t i = 0; i < target_.geometry().flight_entries; ++i) {
    target_.flight(i).function = i % 2 == 0 ? 1 : 77;
    target_.flight(i).ticket.store(i % 3 == 0 ? 0 : ~0ULL - i);
    target_.flight(i).size = ~0ULL;
    target_.flight(i).stack = ~0U;
    target_.flight(i).at_ms = ~0ULL;
  }
  process_.emplace(target_.take(), table_, "/p", 1ULL << 30, false);
  replay_flight(process_->segment(), *process_, {});
  EXPECT_EQ(facts().totals.large, 5U);
}

// Words that look like records more often than chance would have it.
std::uint64_t likely_word(std::mt19937_64& random) {
  switch (random() % 6) {
    case 0:
      return encode_extended_header(static_cast<RecordType>(random() % 16),
                                    static_cast<unsigned>(random() % 6));
    case 1:
      return encode_extended_header(RecordType::reallocation, 3);
    case 2:
      return pack_stack(static_cast<std::uint32_t>(random() % 64),
                        static_cast<Function>(random() % 24));
    case 3:
      return random() % 64 * 16;
    case 4:
      return random() % 8;
    default:
      return random();
  }
}

void fill_at_random(SegmentBuilder& target, std::mt19937_64& random) {
  const std::uint32_t rings = 1 + static_cast<std::uint32_t>(random() % 6);
  for (std::uint32_t i = 0; i < rings; ++i) {
    const std::uint32_t ring =
        target.add_ring(static_cast<std::uint32_t>(random() % 5), random() % 2 == 0);
    const std::uint64_t slots = random() % 60;
    for (std::uint64_t s = 0; s < slots; ++s) {
      target.put(ring, {likely_word(random), likely_word(random)});
    }
    target.publish_to(ring, random() % 20 == 0 ? random() : target.tail(ring));
    if (random() % 20 == 0) target.thread_slot(ring).consumed.store(random());
  }
  const std::uint64_t nodes = random() % 60;
  for (std::uint64_t i = 0; i < nodes; ++i) {
    target.add_node(random(), static_cast<std::uint32_t>(random() % 70),
                    static_cast<std::uint32_t>(random() % 70));
  }
  for (std::uint32_t i = 0; i < target.geometry().modules; ++i) {
    protocol::ModuleEntry& module = target.module(i);
    module.name_offset = static_cast<std::uint32_t>(random() % 10'000);
    module.name_bytes = static_cast<std::uint32_t>(random() % 5000);
    module.bias = random();
    module.build_id_bytes = static_cast<std::uint8_t>(random());
    module.ready.store(static_cast<std::uint32_t>(random() % 2));
  }
  target.header().modules_used.store(static_cast<std::uint32_t>(random() % 100));
  target.header().flight_next.store(random() % 40);
}

TEST(HostileBytes, RandomSegmentsAreSurvivedReadToTheEndAndKeepTheBalance) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937_64 random(seed);
    SegmentBuilder target;
    fill_at_random(target, random);
    model::Session session;
    model::StackTable table(session);
    TrackedProcess process(target.take(), table, "/p", random(), random() % 4 == 0);
    process.drain();
    process.drain_to_end();
    replay_flight(process.segment(), process, {});
    process.collect_losses();
    process.live().settle();
    const model::Process& facts = process.live().facts;
    ASSERT_EQ(facts.heap.live_bytes, facts.totals.allocated_bytes - facts.totals.freed_bytes)
        << seed;
    for (std::size_t id = 1; id < session.stacks.size(); ++id) {
      ASSERT_LT(session.stacks[id].parent, id);
      ASSERT_LT(session.stacks[id].address, session.code_addresses.size());
    }
  }
}

}  // namespace
}  // namespace memwatch::intake
