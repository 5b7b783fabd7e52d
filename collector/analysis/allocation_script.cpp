#include "collector/analysis/allocation_script.h"

#include <algorithm>
#include <limits>

#include "collector/analysis/script_player.h"

namespace memwatch::analysis {
namespace {

// Of a number from a file: what is none, is negative or beyond all measure counts as 0.
std::uint64_t whole(double number) {
  return number > 0 && number < 1e18 ? static_cast<std::uint64_t>(number) : 0;
}

std::uint64_t milliseconds(double seconds) {
  return whole(seconds * 1000);
}

}  // namespace

AllocationScript::AllocationScript(const model::Process& process) {
  const BlockPlan plan = plan_blocks(process);
  peak_bytes_ = plan.peak_bytes;
  read_timeline(process);
  if (plan.sites.empty()) return;
  add_kind(0, plan.sites.front().stack);
  const SitePlan* last_temporary = nullptr;  // the one that makes the peak, see choose_last()
  for (const SitePlan& site : plan.sites) {
    if (site.temporary_at_peak.count > 0) last_temporary = &site;
  }
  std::vector<Unit> passing;
  for (const SitePlan& site : plan.sites) {
    add_units(site.kept, site.stack, false, growth_);
    add_units(site.released, site.stack, true, growth_);
    add_units(site.late, site.stack, false, late_);
    add_units(site.temporary_at_peak, site.stack, false, returning_);
    add_units(site.passing, site.stack, true, passing);
    add_units(site.temporary, site.stack, false, passing);
    if (site.temporary_at_peak.count > 0 && &site != last_temporary) {
      returning_.back().freed = add_kind(0 - returning_.back().size, site.stack);
    }
  }
  choose_last();
  place_passing(std::move(passing), plan);
}

std::uint32_t AllocationScript::add_kind(std::uint64_t size, model::StackId stack) {
  kinds_.push_back({size, stack});
  return static_cast<std::uint32_t>(kinds_.size() - 1);
}

void AllocationScript::add_units(const Blocks& blocks, model::StackId stack, bool with_twin,
                                 std::vector<Unit>& units) {
  if (blocks.count == 0) return;
  const std::uint64_t larger = blocks.bytes % blocks.count;
  const auto add = [&](std::uint64_t count, std::uint64_t size) {
    if (count == 0) return;
    size = std::min(size, peak_bytes_);  // only estimates ever give more
    const std::uint32_t kind = add_kind(size, stack);
    units.push_back({kind, with_twin ? add_kind(size, stack) : kind, count, size});
  };
  add(larger, blocks.bytes / blocks.count + 1);
  add(blocks.count - larger, blocks.bytes / blocks.count);
}

// The peak is made by an allocation, so the last one before it has a size. A temporary one is best:
// its free may follow at once.
void AllocationScript::choose_last() {
  if (!returning_.empty()) {
    last_ = returning_.back();
    last_is_temporary_ = true;
    returning_.pop_back();
    return;
  }
  const auto sized = std::find_if(growth_.rbegin(), growth_.rend(),
                                  [](const Unit& unit) { return unit.size > 0; });
  if (sized == growth_.rend()) return;
  last_ = *sized;
  last_.count = 1;
  --sized->count;
}

void AllocationScript::place_passing(std::vector<Unit> passing, const BlockPlan& plan) {
  std::stable_sort(passing.begin(), passing.end(),
                   [](const Unit& a, const Unit& b) { return a.size > b.size; });
  std::uint64_t kept = 0, live = 0, growth_calls = 0;
  for (const SitePlan& site : plan.sites) {
    kept += site.kept.bytes;
    live += site.kept.bytes + site.late.bytes;
    growth_calls += site.kept.count + site.released.count + site.temporary_at_peak.count;
  }
  const std::uint64_t room = peak_bytes_ - std::min(peak_bytes_, std::max(kept, live));
  std::uint64_t wanted_before = peak_.calls - std::min(peak_.calls, growth_calls);
  for (const Unit& unit : passing) {
    if (unit.size >= peak_bytes_ && peak_bytes_ > 0) {
      alone_.push_back(unit);
      continue;
    }
    Unit before = unit, after = unit;
    before.count = unit.size > room ? unit.count : std::min(unit.count, wanted_before);
    after.count = unit.count - before.count;
    wanted_before -= std::min(wanted_before, before.count);
    if (before.count > 0) before_.push_back(before);
    if (after.count > 0) after_.push_back(after);
  }
}

void AllocationScript::read_timeline(const model::Process& process) {
  const std::uint64_t calls = process.totals.allocations + process.totals.reallocations;
  // Samples count allocations alone.
  const double calls_per_allocation =
      process.totals.allocations == 0
          ? 1
          : static_cast<double>(calls) / static_cast<double>(process.totals.allocations);
  end_ = {milliseconds(process.duration), process.rss.peak, calls, process.heap.live_bytes};
  const double peak_at = process.heap.peak_at - process.start;
  peak_ = {std::min(milliseconds(peak_at), end_.milliseconds), 0, calls, process.heap.peak_bytes};

  Moment before;  // the latest so far
  bool is_peak_dated = false;
  for (const model::TimelineSample& sample : process.timeline) {
    const double at = sample.at - process.start;
    Moment moment{std::clamp(milliseconds(at), before.milliseconds,
                             std::max(before.milliseconds, end_.milliseconds)),
                  sample.rss, whole(static_cast<double>(sample.allocations) * calls_per_allocation),
                  sample.live_bytes};
    moment.calls = std::max(moment.calls, before.calls);
    if (at <= peak_at) {
      until_peak_.push_back(moment);
    } else {
      if (!is_peak_dated) {
        // Between two samples, in proportion to the time.
        const double span = static_cast<double>(moment.milliseconds - before.milliseconds);
        const double part = span > 0 ? (static_cast<double>(peak_.milliseconds) -
                                        static_cast<double>(before.milliseconds)) /
                                           span
                                     : 0;
        peak_.calls = before.calls + whole(std::clamp(part, 0.0, 1.0) *
                                           static_cast<double>(moment.calls - before.calls));
        is_peak_dated = true;
      }
      after_peak_.push_back(moment);
    }
    before = moment;
  }
  // What a sequence that only grows, then only shrinks, can follow.
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (auto moment = until_peak_.rbegin(); moment != until_peak_.rend(); ++moment) {
    moment->live_bytes = least = std::min(least, moment->live_bytes);
  }
  std::uint64_t most = end_.live_bytes;
  for (auto moment = after_peak_.rbegin(); moment != after_peak_.rend(); ++moment) {
    moment->live_bytes = most = std::max(most, moment->live_bytes);
  }
}

void AllocationScript::play(AllocationSink& sink) const {
  ScriptPlayer(*this, sink).play();
}

}  // namespace memwatch::analysis
