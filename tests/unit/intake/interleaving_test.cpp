// Every short history of a few threads on one or two addresses, written into rings as the shim
// would and drained under adversarial schedules: whatever the order in which records become visible
// and rings are looked at, the final state is the true one and nothing counts as lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "collector/intake/tracked_process.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using intake_testing::SegmentBuilder;

constexpr std::uint64_t kFirst = 0x555500001000;

// A second address, in the first one's shard or in another.
std::uint64_t second_address(bool same_shard) {
  for (std::uint64_t at = kFirst + 16;; at += 16) {
    if ((protocol::shard_of(at) == protocol::shard_of(kFirst)) == same_shard) return at;
  }
}

enum class Kind { allocate, free, begin_reallocation, end_reallocation };
struct Event {
  Kind kind;
  unsigned thread;
  std::uint64_t address;
};

struct Setting {
  unsigned threads;
  std::vector<std::uint64_t> addresses;
  unsigned length;
};

// What really happens, step by step.
struct World {
  std::map<std::uint64_t, std::uint64_t> live;  // address → size
  std::vector<std::uint64_t> reallocating;      // per thread: old address, 0: not in realloc
  std::vector<Event> history;

  // The size of a block says which event made it, so that no two blocks are taken for each other.
  [[nodiscard]] std::uint64_t size_now() const { return 1ULL << history.size(); }
};

std::vector<Event> possible_events(const World& world, const Setting& setting) {
  std::vector<Event> events;
  for (unsigned thread = 0; thread < setting.threads; ++thread) {
    for (const std::uint64_t address : setting.addresses) {
      const bool live = world.live.contains(address);
      if (world.reallocating[thread] != 0) {
        if (!live) events.push_back({Kind::end_reallocation, thread, address});
      } else if (live) {
        events.push_back({Kind::free, thread, address});
        events.push_back({Kind::begin_reallocation, thread, address});
      } else {
        events.push_back({Kind::allocate, thread, address});
      }
    }
  }
  return events;
}

World after(World world, const Event& event) {
  switch (event.kind) {
    case Kind::allocate:
      world.live[event.address] = world.size_now();
      break;
    case Kind::free:
      world.live.erase(event.address);
      break;
    case Kind::begin_reallocation:
      world.live.erase(event.address);
      world.reallocating[event.thread] = event.address;
      break;
    case Kind::end_reallocation:
      world.live[event.address] = world.size_now();
      world.reallocating[event.thread] = 0;
      break;
  }
  world.history.push_back(event);
  return world;
}

// Rings are written per thread, numbers are handed out in the order of the history. `rings[t]` is
// the ring of thread t; returns the positions after which a ring may be published.
std::vector<std::vector<std::uint64_t>> write(SegmentBuilder& target, const World& world,
                                              const std::vector<std::uint32_t>& rings) {
  std::map<std::uint32_t, std::uint32_t> next;  // per shard
  std::vector<std::uint32_t> old_sequence(rings.size());
  std::vector<std::uint64_t> old_address(rings.size());
  std::vector<std::vector<std::uint64_t>> stops(rings.size());
  for (std::size_t i = 0; i < world.history.size(); ++i) {
    const Event& event = world.history[i];
    const std::uint32_t ring = rings[event.thread];
    const std::uint32_t sequence = next[protocol::shard_of(event.address)]++;
    switch (event.kind) {
      case Kind::allocate:
        if (protocol::fits_short(event.address, 1ULL << i)) {
          target.allocate(ring, event.address, 1ULL << i, sequence);
        } else {
          target.allocate_long(ring, event.address, 1ULL << i, sequence);
        }
        break;
      case Kind::free:
        target.free(ring, event.address, sequence);
        break;
      case Kind::begin_reallocation:
        old_sequence[event.thread] = sequence;
        old_address[event.thread] = event.address;
        continue;
      case Kind::end_reallocation:
        target.reallocate(ring, old_address[event.thread], event.address, 1ULL << i,
                          old_sequence[event.thread], sequence);
        break;
    }
    stops[event.thread].push_back(target.tail(ring));
  }
  return stops;
}

std::string describe(const World& world) {
  std::string text;
  for (const Event& event : world.history) {
    constexpr const char* kNames[] = {"allocate", "free", "begin", "end"};
    text += std::string(kNames[static_cast<int>(event.kind)]) + " t" +
            std::to_string(event.thread) + " " + std::to_string(event.address - kFirst) + "; ";
  }
  return text;
}

void expect_truth(TrackedProcess& process, const World& world) {
  process.collect_losses();
  const model::Process& facts = process.live().facts;
  std::uint64_t bytes = 0;
  for (const auto& [address, size] : world.live) bytes += size;
  ASSERT_EQ(facts.heap.live_bytes, bytes) << describe(world);
  ASSERT_EQ(facts.heap.live_blocks, world.live.size()) << describe(world);
  ASSERT_EQ(facts.losses.unmatched_frees, 0U) << describe(world);
  ASSERT_TRUE(facts.losses.exact) << describe(world);
}

// One pass with everything visible (`random` null), or with records becoming visible one by one in
// random order among the rings.
void check(const World& world, std::vector<std::uint32_t> order, std::mt19937* random) {
  SegmentBuilder target;
  const auto threads = static_cast<std::uint32_t>(order.size());
  for (std::uint32_t i = 0; i < threads; ++i) target.add_ring(100 + i, true);
  target.publish_all();
  const auto stops = write(target, world, order);
  model::Session session;
  model::StackTable table(session);
  TrackedProcess process(target.take(), table, "/p", ~0ULL, false);
  if (random != nullptr) {
    std::vector<unsigned> turns;
    for (unsigned t = 0; t < threads; ++t) turns.insert(turns.end(), stops[t].size(), t);
    std::shuffle(turns.begin(), turns.end(), *random);
    std::vector<std::size_t> told(threads, 0);
    for (const unsigned thread : turns) {
      target.publish_to(order[thread], stops[thread][told[thread]++]);
      process.drain();
    }
  } else {
    target.publish_all();
    process.drain();
  }
  // The collector looks again and again; a few looks are enough for whatever still waits.
  for (int i = 0; i < 64; ++i) process.drain();
  ASSERT_NO_FATAL_FAILURE(expect_truth(process, world));
  for (std::uint32_t ring = 0; ring < threads; ++ring) {
    ASSERT_EQ(target.thread_slot(ring).consumed.load(), target.tail(ring)) << describe(world);
  }
}

unsigned explore(const World& world, const Setting& setting, std::mt19937& random) {
  if (testing::Test::HasFatalFailure()) return 0;
  unsigned checked = 0;
  if (world.history.size() < setting.length) {
    for (const Event& event : possible_events(world, setting)) {
      checked += explore(after(world, event), setting, random);
    }
    return checked;
  }
  if (std::any_of(world.reallocating.begin(), world.reallocating.end(),
                  [](std::uint64_t old) { return old != 0; })) {
    return 0;  // still inside realloc: its record is not written yet
  }
  std::vector<std::uint32_t> order(setting.threads);
  for (std::uint32_t i = 0; i < setting.threads; ++i) order[i] = i;
  check(world, order, nullptr);
  std::reverse(order.begin(), order.end());
  check(world, order, nullptr);
  check(world, order, &random);
  return 1;
}

void explore_all(const Setting& setting) {
  std::mt19937 random(1);
  World world;
  world.reallocating = std::vector<std::uint64_t>(setting.threads);
  const unsigned checked = explore(world, setting, random);
  EXPECT_GT(checked, 50U);
}

TEST(Interleavings, TwoThreadsOnOneAddress) {
  explore_all({2, {kFirst}, 7});
}
TEST(Interleavings, ThreeThreadsOnOneAddress) {
  explore_all({3, {kFirst}, 5});
}
TEST(Interleavings, TwoThreadsOnTwoAddressesOfOneShard) {
  explore_all({2, {kFirst, second_address(true)}, 4});
}
TEST(Interleavings, TwoThreadsOnTwoAddressesOfTwoShards) {
  explore_all({2, {kFirst, second_address(false)}, 4});
}
TEST(Interleavings, ThreeThreadsOnTwoAddresses) {
  explore_all({3, {kFirst, second_address(false)}, 3});
}

TEST(Interleavings, LongRandomHistoriesOfThreeThreads) {
  std::mt19937 random(7);
  for (unsigned round = 0; round < 500; ++round) {
    Setting setting{3, {kFirst, second_address(false), second_address(true)}, 30};
    World world;
    world.reallocating = std::vector<std::uint64_t>(setting.threads);
    while (world.history.size() < setting.length ||
           std::any_of(world.reallocating.begin(), world.reallocating.end(),
                       [](std::uint64_t old) { return old != 0; })) {
      std::vector<Event> events = possible_events(world, setting);
      if (world.history.size() >= setting.length) {  // only finish what was begun
        std::erase_if(events, [](const Event& e) {
          return e.kind == Kind::allocate || e.kind == Kind::begin_reallocation;
        });
      }
      ASSERT_FALSE(events.empty());
      world = after(std::move(world), events[random() % events.size()]);
    }
    std::vector<std::uint32_t> order{0, 1, 2};
    std::shuffle(order.begin(), order.end(), random);
    ASSERT_NO_FATAL_FAILURE(check(world, order, nullptr));
    ASSERT_NO_FATAL_FAILURE(check(world, order, &random));
  }
}

}  // namespace
}  // namespace memwatch::intake
