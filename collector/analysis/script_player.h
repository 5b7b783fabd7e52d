// Internal to the allocation script: plays it once, keeping count of what is live and of the calls
// made. Thread safety: none. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/analysis/allocation_script.h"

namespace memwatch::analysis {

class ScriptPlayer {
 public:
  ScriptPlayer(const AllocationScript& script, AllocationSink& sink);
  void play();

 private:
  using Unit = AllocationScript::Unit;
  using Moment = AllocationScript::Moment;

  // A position in a list of units.
  struct Cursor {
    const std::vector<Unit>* units;
    std::size_t index = 0;
    std::uint64_t done = 0;  // of the unit at index

    [[nodiscard]] bool at_end() const { return index >= units->size(); }
    [[nodiscard]] const Unit& unit() const { return (*units)[index]; }
    [[nodiscard]] std::uint64_t left() const { return unit().count - done; }
    void advance(std::uint64_t count);
  };

  void grow(std::uint64_t limit);                  // until this much is live
  void shrink(std::uint64_t limit);                // until no more than this is live
  void pass(Cursor& cursor, std::uint64_t calls);  // until so many calls were made
  void allocate_late(std::uint64_t calls);
  void reach_peak();
  void make_room(std::uint64_t size);
  void tick(const Moment& moment) { sink_.clock(moment.milliseconds, moment.rss); }

  const AllocationScript& script_;
  AllocationSink& sink_;
  std::vector<Unit> released_;
  Cursor growing_, before_, after_, alone_, late_, shrinking_;
  std::uint64_t live_bytes_ = 0, calls_ = 0;
};

}  // namespace memwatch::analysis
