#include "collector/analysis/block_plan.h"

#include <algorithm>
#include <array>

namespace memwatch::analysis {
namespace {

// A site's totals, made to fit together where they are estimates.
struct SiteTotals {
  std::uint64_t live_count, live_bytes;
  std::uint64_t freed_count, freed_bytes;
  std::uint64_t temporary;  // of the freed ones
  std::uint64_t peak_bytes;
  std::uint64_t largest;  // no block was larger
};

SiteTotals totals_of(const model::Site& site) {
  SiteTotals totals{};
  totals.live_bytes = site.live_bytes;
  totals.live_count =
      site.live_bytes > 0 ? std::max<std::uint64_t>(site.live_blocks, 1) : site.live_blocks;
  const std::uint64_t calls = site.allocations + site.reallocations;
  totals.freed_count = calls - std::min(calls, totals.live_count);
  totals.freed_bytes = site.allocated_bytes - std::min(site.allocated_bytes, totals.live_bytes);
  totals.peak_bytes = site.peak_bytes;
  if (totals.peak_bytes > totals.live_bytes) {
    totals.freed_bytes = std::max(totals.freed_bytes, totals.peak_bytes - totals.live_bytes);
    totals.freed_count = std::max<std::uint64_t>(totals.freed_count, 1);
  }
  if (totals.freed_count == 0) totals.freed_bytes = 0;
  totals.temporary = std::min(site.temporary, totals.freed_count);
  totals.largest = std::max(site.own_peak_bytes, site.peak_bytes);
  return totals;
}

// Whether so many blocks can hold so many bytes without one that is too large.
bool fits(std::uint64_t bytes, std::uint64_t count, std::uint64_t largest) {
  if (count == 0) return bytes == 0;
  return bytes / count < largest || (bytes / count == largest && bytes % count == 0);
}

// Can `kept` bytes of the live blocks, and no more, have been live at the peak?
bool can_keep(const SiteTotals& totals, std::uint64_t kept) {
  if (totals.live_count <= 1) return kept == 0 || kept == totals.live_bytes;
  return kept <= totals.live_bytes;
}

// Can `released` bytes of the freed blocks, and no more, have been live at the peak?
bool can_release(const SiteTotals& totals, std::uint64_t released) {
  if (released > totals.freed_bytes) return false;
  if (released == 0) return fits(totals.freed_bytes, totals.freed_count, totals.largest);
  if (totals.freed_count == 0) return false;
  return fits(totals.freed_bytes - released, totals.freed_count - 1, totals.largest);
}

// How many of the peak's bytes were still live at the end. The candidates are the ends of the range
// of answers; where there is an answer at all, one of them is.
std::uint64_t choose_kept(const SiteTotals& totals, bool empties) {
  const std::uint64_t peak = totals.peak_bytes;
  const std::uint64_t most_kept = std::min(peak, totals.live_bytes);
  const std::uint64_t least_kept = peak - std::min(peak, totals.freed_bytes);
  const std::array<std::uint64_t, 3> candidates =
      empties ? std::array{least_kept, most_kept, totals.live_bytes}
              : std::array{most_kept, least_kept, std::uint64_t{0}};
  for (const std::uint64_t kept : candidates) {
    if (kept <= peak && can_keep(totals, kept) && can_release(totals, peak - kept)) return kept;
  }
  // Estimates that no blocks explain.
  return totals.live_count == 1 && peak < totals.live_bytes ? 0 : most_kept;
}

// About as many of the blocks as hold this share of the bytes, within limits.
std::uint64_t share_of(std::uint64_t count, std::uint64_t part, std::uint64_t whole,
                       std::uint64_t least, std::uint64_t most) {
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  if (!(share < 1)) return most;
  return std::clamp(static_cast<std::uint64_t>(static_cast<double>(count) * share), least, most);
}

void plan_live(const SiteTotals& totals, std::uint64_t kept, SitePlan& plan) {
  if (kept == 0) {
    plan.late = {totals.live_count, totals.live_bytes};
  } else if (kept >= totals.live_bytes) {
    plan.kept = {totals.live_count, totals.live_bytes};
  } else {
    const std::uint64_t count =
        share_of(totals.live_count, kept, totals.live_bytes, 1, totals.live_count - 1);
    plan.kept = {count, kept};
    plan.late = {totals.live_count - count, totals.live_bytes - kept};
  }
}

void plan_freed(const SiteTotals& totals, std::uint64_t at_peak, SitePlan& plan) {
  const std::uint64_t lasting = totals.freed_count - totals.temporary;
  std::uint64_t temporary = totals.temporary;
  std::uint64_t passing = lasting;
  if (at_peak > 0 && lasting == 0) {
    plan.temporary_at_peak = {1, at_peak};
    if (temporary > 0) --temporary;
  } else if (at_peak > 0) {
    std::uint64_t count = share_of(totals.freed_count, at_peak, totals.freed_bytes, 1, lasting);
    const std::uint64_t rest = totals.freed_bytes - std::min(totals.freed_bytes, at_peak);
    if (!fits(rest, totals.freed_count - count, totals.largest)) count = 1;
    plan.released = {count, at_peak};
    passing -= count;
  }
  const std::uint64_t blocks = temporary + passing;
  if (blocks == 0) return;
  const std::uint64_t bytes = totals.freed_bytes - std::min(totals.freed_bytes, at_peak);
  const std::uint64_t larger = std::min(bytes % blocks, temporary);
  plan.temporary = {temporary, bytes / blocks * temporary + larger};
  plan.passing = {passing, bytes - plan.temporary.bytes};
}

SitePlan plan_site(const model::Site& site, bool empties) {
  const SiteTotals totals = totals_of(site);
  SitePlan plan;
  plan.stack = site.stack;
  const std::uint64_t kept = choose_kept(totals, empties);
  plan_live(totals, kept, plan);
  plan_freed(totals, totals.peak_bytes - std::min(totals.peak_bytes, kept), plan);
  return plan;
}

}  // namespace

BlockPlan plan_blocks(const model::Process& process) {
  BlockPlan plan;
  for (const model::Site& site : process.sites) plan.peak_bytes += site.peak_bytes;
  const auto make_plans = [&] {
    plan.sites.clear();
    std::uint64_t largest_passing = 0;
    for (const model::Site& site : process.sites) {
      plan.sites.push_back(plan_site(site, plan.empties));
      const SitePlan& made = plan.sites.back();
      largest_passing =
          std::max({largest_passing, largest_size(made.passing), largest_size(made.temporary)});
    }
    return largest_passing;
  };
  if (make_plans() >= plan.peak_bytes && plan.peak_bytes > 0) {
    plan.empties = true;
    make_plans();
  }
  std::sort(plan.sites.begin(), plan.sites.end(),
            [](const SitePlan& a, const SitePlan& b) { return a.stack < b.stack; });
  return plan;
}

}  // namespace memwatch::analysis
