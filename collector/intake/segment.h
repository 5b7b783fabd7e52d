// A traced process's shared-memory segment on the collector's side (segment_object makes, opens and
// removes what it lies in). Everything read from it is hostile: the geometry is checked once and
// kept as a copy, other fields are copied, checked, used. One owner; the mapping may be read from
// several threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "collector/base/result.h"
#include "shared/segment_layout.h"

namespace memwatch::intake {

// protocol::Injection as plain values.
struct InjectionSettings {
  std::uint32_t flags = 0;
  std::uint64_t least_size = 0, heap_bytes = protocol::kNoLimit;
  std::uint64_t first_failing = 0, every = 0, chance = 0, seed = 0;
};

// What the collector tells a target through the header.
struct SegmentSettings {
  protocol::Control control = protocol::Control::exact;
  protocol::OnFull on_full = protocol::OnFull::block;
  std::uint64_t large_bytes = 1ULL << 30;
  std::uint64_t sample_interval = 512U << 10;  // mean bytes between samples
  std::string rendezvous;                      // where children introduce themselves; "" nowhere
  bool leak_check = false;                     // the target waits at its end to be looked at
  std::optional<InjectionSettings> injection;  // calls are made to fail
};

class Segment {
 public:
  // Makes a new segment, mode 0600, with its first pages backed, for a process that will map it.
  static Result<Segment> create(pid_t pid, std::uint64_t start_time,
                                const protocol::Geometry& geometry,
                                const SegmentSettings& settings);

  // Opens an existing one by its name in POSIX shared memory. Refuses what belongs to another user,
  // what others may write, and what has another version or an unsound layout.
  static Result<Segment> open(const std::string& name);

  Segment(Segment&&) noexcept;
  Segment& operator=(Segment&&) noexcept;
  ~Segment();  // unmaps; the name stays unless removed

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const protocol::Geometry& geometry() const;
  [[nodiscard]] protocol::SegmentHeader& header() const;
  [[nodiscard]] std::uint64_t bytes() const;
  // For handing over to the target (SCM_RIGHTS); stays owned by the segment.
  [[nodiscard]] int descriptor() const;

  // The caller guarantees that the part lies inside the geometry.
  template <typename T>
  [[nodiscard]] T* at(std::uint64_t offset) const {
    return reinterpret_cast<T*>(base() + offset);
  }

  // Writes the settings a target obeys; used when attaching to a running one.
  void apply(const SegmentSettings& settings) const;

  // Whether the object was cut, or memory that was needed is not there: /dev/shm has no room.
  // Zeros are read in its place.
  [[nodiscard]] bool is_cut_short() const;

  // Removes the name: nobody can open it any more, mappings live on.
  void remove();

  // Unmaps all but the header, and nothing else may be looked at any more.
  Result<void> keep_header_alone();

 private:
  struct State;
  explicit Segment(std::unique_ptr<State> state);
  [[nodiscard]] char* base() const;
  std::unique_ptr<State> state_;
};

// This process in a segment's header, so that a second collector can tell whether the first lives.
void take_charge(const Segment& segment);
void release_charge(const Segment& segment);
// The pid of a living collector in charge of the segment, 0 if none.
std::uint32_t collector_in_charge(const Segment& segment);

}  // namespace memwatch::intake
