// A segment in which a test plays the traced process: it writes slots, rings, stack nodes, modules
// and flight entries byte by byte, as the shim would, or as no shim would. The collector's side
// gets the real Segment, made by Segment::create and removed from /dev/shm at once (the mapping
// lives on).
//
// Single-threaded. After take() the builder goes on writing to the same memory, which belongs to
// whoever took it and must outlive the writing. Positions in slots, sizes in bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/intake/segment.h"
#include "shared/segment_layout.h"

namespace memwatch::intake_testing {

// Small enough to make thousands of, with rings of three sizes: 2 of 1024 slots, 2 of 256, then 64.
protocol::Geometry small_geometry();

class SegmentBuilder {
 public:
  // Whether the segment can be opened by its name, which whoever took it then has to remove.
  enum class Name : std::uint8_t { is_removed, stays };
  explicit SegmentBuilder(const protocol::Geometry& geometry = small_geometry(),
                          Name name = Name::is_removed);

  // The segment, for the code under test. Once.
  intake::Segment take();

  [[nodiscard]] protocol::SegmentHeader& header() const { return *at<protocol::SegmentHeader>(0); }
  [[nodiscard]] protocol::ThreadSlot& thread_slot(std::uint32_t ring) const;
  [[nodiscard]] protocol::Slot& slot(std::uint32_t ring, std::uint64_t position) const;
  [[nodiscard]] protocol::Shard& shard(std::uint32_t index) const;
  [[nodiscard]] protocol::StackNode& node(std::uint32_t id) const;
  [[nodiscard]] protocol::ModuleEntry& module(std::uint32_t index) const;
  [[nodiscard]] protocol::FlightEntry& flight(std::uint32_t index) const;
  [[nodiscard]] char* names() const;
  [[nodiscard]] const protocol::Geometry& geometry() const { return geometry_; }

  // Claims the next thread slot and writes the thread's record, unpublished. Returns the ring.
  std::uint32_t add_ring(std::uint32_t tid, bool sequenced, const std::string& name = "thread");

  // Records go behind the ring's tail and stay unseen until publish(). `sequence` 0 on rings that
  // are not sequenced.
  void put(std::uint32_t ring, std::vector<std::uint64_t> words);
  void allocate(std::uint32_t ring, std::uint64_t address, std::uint64_t size,
                std::uint32_t sequence = 0, std::uint32_t stack = 0,
                Function function = Function::malloc_);
  void allocate_long(std::uint32_t ring, std::uint64_t address, std::uint64_t size,
                     std::uint32_t sequence = 0, std::uint32_t stack = 0,
                     Function function = Function::malloc_);
  void free(std::uint32_t ring, std::uint64_t address, std::uint32_t sequence = 0);
  void free_long(std::uint32_t ring, std::uint64_t address, std::uint32_t sequence = 0,
                 Function function = Function::free_);
  void reallocate(std::uint32_t ring, std::uint64_t from, std::uint64_t to, std::uint64_t size,
                  std::uint32_t old_sequence = 0, std::uint32_t new_sequence = 0,
                  std::uint32_t stack = 0);
  void extended(std::uint32_t ring, protocol::RecordType type, std::vector<std::uint64_t> payload);

  [[nodiscard]] std::uint64_t tail(std::uint32_t ring) const { return tails_[ring]; }
  void publish(std::uint32_t ring);
  void publish_to(std::uint32_t ring, std::uint64_t position);
  void publish_all();

  // Adds a node and says so in nodes_used.
  std::uint32_t add_node(std::uint64_t pc, std::uint32_t parent, std::uint32_t module = 0);
  std::uint32_t add_module(std::uint64_t start, std::uint64_t end, std::uint64_t bias,
                           const std::string& name, const std::string& build_id_bytes = {});

 private:
  template <typename T>
  [[nodiscard]] T* at(std::uint64_t offset) const {
    return reinterpret_cast<T*>(base_ + offset);
  }

  protocol::Geometry geometry_;
  std::optional<intake::Segment> segment_;
  char* base_ = nullptr;
  std::vector<std::uint64_t> tails_;
};

}  // namespace memwatch::intake_testing
