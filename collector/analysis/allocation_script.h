// A sequence of allocations and frees that leads to what was recorded of a process: the heaptrack
// format is a log of events, and a session keeps none. Played from the start it gives each site its
// calls, its temporary ones, its share of the peak at the moment of the peak and what was live at
// the end; at no moment is more live than at the peak, and nothing was as much before it.
//
// Invented is the order, as close to the timeline as the sums allow: the clock follows the number
// of allocations of its samples, the heap grows to the peak no faster than the samples' least and
// shrinks after it no faster than their most. Blocks come in the order in which their stacks were
// first seen, and those that were freed again in between by size, largest first.
//
// A temporary allocation is one whose free follows it directly and names the same block kind;
// kinds have a twin of the same size and stack for frees that must not count as temporary.
//
// Thread safety: none while it is being made, read-only afterwards. Errors: none.
// Units: bytes, milliseconds since the process's start.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/analysis/block_plan.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

// What the sequence is made of; `kind` is an index of AllocationScript::kinds().
class AllocationSink {
 public:
  AllocationSink() = default;
  AllocationSink(const AllocationSink&) = delete;
  AllocationSink& operator=(const AllocationSink&) = delete;
  virtual ~AllocationSink() = default;
  virtual void allocate(std::uint32_t kind, std::uint64_t times) = 0;
  virtual void free(std::uint32_t kind, std::uint64_t times) = 0;
  // An allocation and its free, again and again.
  virtual void allocate_and_free(std::uint32_t kind, std::uint32_t freed, std::uint64_t times) = 0;
  // Never decreases.
  virtual void clock(std::uint64_t milliseconds, std::uint64_t rss) = 0;
};

class AllocationScript {
 public:
  struct Kind {
    std::uint64_t size = 0;
    model::StackId stack = model::kNone;
  };

  explicit AllocationScript(const model::Process& process);

  // By rising stack id. The first has no bytes and is never used: heaptrack takes a free of its
  // number 0 for a temporary one whenever it follows another free.
  [[nodiscard]] const std::vector<Kind>& kinds() const { return kinds_; }
  void play(AllocationSink& sink) const;

 private:
  friend class ScriptPlayer;

  // Equal blocks.
  struct Unit {
    std::uint32_t kind = 0;
    std::uint32_t freed = 0;  // the kind that their frees name
    std::uint64_t count = 0, size = 0;
  };
  // A moment of the timeline.
  struct Moment {
    std::uint64_t milliseconds = 0, rss = 0;
    std::uint64_t calls = 0;  // made by then
    std::uint64_t live_bytes = 0;
  };

  std::uint32_t add_kind(std::uint64_t size, model::StackId stack);
  // Up to two units, as sizes differ by one byte. With a twin, frees do not count as temporary.
  void add_units(const Blocks& blocks, model::StackId stack, bool with_twin,
                 std::vector<Unit>& units);
  void add_site(const SitePlan& site);
  void choose_last();
  void place_passing(std::vector<Unit> passing, const BlockPlan& plan);
  void read_timeline(const model::Process& process);

  std::vector<Kind> kinds_;
  std::vector<Unit> growth_;  // live at the peak; those with a twin are freed after it
  // Temporary ones that were live at the peak of another thread. The format has no way to say so;
  // they are allocated and freed, and freeing a block of minus their size makes them live again.
  std::vector<Unit> returning_;
  Unit last_;  // the one allocation that makes the peak
  bool last_is_temporary_ = false;
  // Freed again, neither live at the peak nor at the end: before it, after it, and after it with
  // nothing else live, since they are as large as the peak.
  std::vector<Unit> before_, after_, alone_;
  std::vector<Unit> late_;
  std::vector<Moment> until_peak_, after_peak_;
  Moment peak_, end_;
  std::uint64_t peak_bytes_ = 0;
};

}  // namespace memwatch::analysis
