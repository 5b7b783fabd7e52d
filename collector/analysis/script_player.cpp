#include "collector/analysis/script_player.h"

#include <algorithm>
#include <limits>

namespace memwatch::analysis {
namespace {
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
}

void ScriptPlayer::Cursor::advance(std::uint64_t count) {
  done += count;
  if (done < unit().count) return;
  done = 0;
  ++index;
}

ScriptPlayer::ScriptPlayer(const AllocationScript& script, AllocationSink& sink)
    : script_(script),
      sink_(sink),
      growing_{&script.growth_},
      before_{&script.before_},
      after_{&script.after_},
      alone_{&script.alone_},
      late_{&script.late_},
      shrinking_{&released_} {
  const auto release = [&](const Unit& unit) {
    if (unit.freed != unit.kind && unit.count > 0) released_.push_back(unit);
  };
  for (const Unit& unit : script.growth_) release(unit);
  if (!script.last_is_temporary_) release(script.last_);
  for (Unit unit : script.returning_) {
    unit.freed = unit.kind;
    released_.push_back(unit);
  }
}

void ScriptPlayer::play() {
  for (const Moment& moment : script_.until_peak_) {
    grow(moment.live_bytes);
    pass(before_, moment.calls);
    tick(moment);
  }
  pass(before_, kAll);
  reach_peak();
  if (!alone_.at_end()) shrink(0);
  pass(alone_, kAll);
  for (const Moment& moment : script_.after_peak_) {
    shrink(moment.live_bytes);
    pass(after_, moment.calls);
    allocate_late(moment.calls);
    tick(moment);
  }
  pass(after_, kAll);
  shrink(0);
  allocate_late(kAll);
  tick(script_.end_);
}

void ScriptPlayer::grow(std::uint64_t limit) {
  while (!growing_.at_end()) {
    const Unit& unit = growing_.unit();
    std::uint64_t count = growing_.left();
    if (unit.size > 0) {
      // What is still to pass through the heap before the peak must stay below it.
      const std::uint64_t passing = before_.at_end() ? 0 : before_.unit().size + 1;
      const std::uint64_t top =
          std::min(limit, script_.peak_bytes_ - std::min(script_.peak_bytes_, passing));
      count = std::min(count, (top - std::min(top, live_bytes_)) / unit.size);
    }
    if (count == 0 && unit.count > 0) return;
    if (count > 0) sink_.allocate(unit.kind, count);
    live_bytes_ += count * unit.size;
    calls_ += count;
    growing_.advance(count);
  }
}

void ScriptPlayer::reach_peak() {
  grow(kAll);
  for (const Unit& unit : script_.returning_) {
    sink_.allocate_and_free(unit.kind, unit.kind, 1);
    sink_.free(unit.freed, 1);
    live_bytes_ += unit.size;
    ++calls_;
  }
  sink_.clock(script_.peak_.milliseconds, 0);
  const Unit& last = script_.last_;
  if (last.count == 0) return;
  ++calls_;
  if (script_.last_is_temporary_) {
    sink_.allocate_and_free(last.kind, last.kind, 1);
    return;
  }
  sink_.allocate(last.kind, 1);
  live_bytes_ += last.size;
}

void ScriptPlayer::shrink(std::uint64_t limit) {
  while (!shrinking_.at_end()) {
    const Unit& unit = shrinking_.unit();
    std::uint64_t count = shrinking_.left();
    if (limit > 0 && unit.size > 0) {
      const std::uint64_t excess = live_bytes_ - std::min(live_bytes_, limit);
      count = std::min(count, excess / unit.size + (excess % unit.size != 0));
      if (count == 0) return;
    }
    sink_.free(unit.freed, count);
    live_bytes_ -= std::min(live_bytes_, count * unit.size);
    shrinking_.advance(count);
  }
}

void ScriptPlayer::make_room(std::uint64_t size) {
  shrink(script_.peak_bytes_ - std::min(script_.peak_bytes_, size));
}

void ScriptPlayer::pass(Cursor& cursor, std::uint64_t calls) {
  while (!cursor.at_end() && calls_ < calls) {
    const Unit& unit = cursor.unit();
    const std::uint64_t count = std::min(cursor.left(), calls - calls_);
    if (&cursor == &after_) make_room(unit.size);
    sink_.allocate_and_free(unit.kind, unit.freed, count);
    calls_ += count;
    cursor.advance(count);
  }
}

void ScriptPlayer::allocate_late(std::uint64_t calls) {
  while (!late_.at_end() && calls_ < calls) {
    const Unit& unit = late_.unit();
    const std::uint64_t count = std::min(late_.left(), calls - calls_);
    make_room(count * unit.size);
    sink_.allocate(unit.kind, count);
    live_bytes_ += count * unit.size;
    calls_ += count;
    late_.advance(count);
  }
}

}  // namespace memwatch::analysis
