// A program that a benchmark plays: it writes the records of a steady life (allocations, frees,
// reallocations, an epoch now and then) into the rings of a segment of its own, valid to the last
// sequence number, as fast as it can and as often as it is asked. Single-threaded.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/unit/intake/segment_builder.h"

namespace memwatch::collector_bench {

struct Life {
  std::uint64_t live_blocks = 1000;   // alive at any moment, once the life is steady
  std::uint32_t stacks = 300;         // distinct ones, each of them an allocation site
  std::uint32_t rings = 1;            // more than one: sequenced, threads free each other's blocks
  unsigned temporary_percent = 0;     // events that come as a block freed at once
  unsigned reallocation_percent = 0;  // events that are reallocations
  bool stacks_in_turn = false;        // else drawn at random
};

class Workload {
 public:
  explicit Workload(const Life& life);

  // The segment with the rings, for the collector; once.
  intake::Segment take_segment() { return segment_.take(); }

  // Writes about `events` events and publishes them; fewer where a ring is full before. What was
  // written earlier must have been drained. Returns the number of events.
  std::uint64_t write(std::uint64_t events);

  // Makes the tables of the program as large as they will become.
  void reserve();

  [[nodiscard]] std::uint32_t stack_nodes() const { return segment_.header().nodes_used.load(); }
  [[nodiscard]] std::uint64_t live_blocks() const { return live_.size(); }

 private:
  void make_stacks(std::uint32_t count);
  void change_thread();
  void put(protocol::Slot slot);
  void put_epoch();
  std::uint32_t draw_stack();
  std::uint32_t next_sequence(std::uint64_t address);
  std::uint64_t take_address();
  void allocate(std::uint64_t address);
  void free(std::uint64_t address);
  void reallocate(std::uint64_t& address);
  std::uint64_t one_event();

  Life life_;
  intake_testing::SegmentBuilder segment_;
  std::mt19937_64 random_{4711};
  std::vector<protocol::Slot*> slots_;  // of each ring
  std::vector<std::uint64_t> tails_;    // of each ring
  std::vector<std::uint32_t> sequences_;
  std::vector<std::uint32_t> stacks_;
  std::vector<std::uint64_t> live_;  // addresses
  std::vector<std::uint64_t> free_;  // addresses that were in use before
  std::uint64_t unused_ = 0;         // the lowest address never in use
  std::uint64_t epoch_ = 0;
  std::uint32_t next_stack_ = 0;
  std::uint32_t ring_ = 0;
  std::uint64_t burst_left_ = 0;
};

}  // namespace memwatch::collector_bench
