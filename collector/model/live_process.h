// One traced process as facts in the making: events in, totals, sites, exact peak, threads,
// failures and large allocations out. Knows nothing of segments and rings; the intake hands it
// events in an order in which every block is allocated before it is freed.
//
// The peak's share per site is kept lazily: the process numbers its peaks, a site remembers the
// number of the last peak it has taken its share for. A site that does not change between two peaks
// costs nothing; one that is about to change first takes its share of the last peak.
//
// Its history (heap_history.h) is told by the owner when an epoch ends. An event costs it one
// comparison, for the least live bytes of its site; which blocks survive is counted by walking over
// the live blocks, each of which carries the number of the cohort it was born in.
//
// One owner, not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "collector/model/heap_history.h"
#include "collector/model/live_heap.h"
#include "collector/model/mapped_ranges.h"
#include "collector/model/prefetch.h"
#include "collector/model/sampled_heap.h"
#include "collector/model/session.h"

namespace memwatch::model {

// What an event's record said, resolved to the session's stacks and the process's thread rows.
struct EventContext {
  StackId stack = kNone;
  std::uint32_t thread = 0;  // row, from thread_row()
  double at = 0;             // seconds since the session's start
};

class LiveProcess {
 public:
  explicit LiveProcess(std::uint64_t large_threshold);

  // Called for each large allocation and each failure, at once.
  std::function<void(const LargeAllocation&)> on_large;
  // Of a large block that is freed: the function that freed it, the stack that had allocated it.
  std::function<void(const LargeAllocation&)> on_large_freed;
  std::function<void(const Failure&)> on_failure;
  // Asked for each new kind of failure: memory around the process now.
  std::function<MemorySituation()> situation;

  // Identity, mode, exit and the kernel's figures are filled in by the owner.
  Process facts;

  // The row of a thread, by kernel id; the name is remembered when given.
  std::uint32_t thread_row(std::uint32_t tid, const std::string& name);

  void allocated(Function function, std::uint64_t address, std::uint64_t size,
                 const EventContext& context);
  void freed(Function function, std::uint64_t address, const EventContext& context);
  // A reallocation in two halves, since other threads' events may lie between them: the old block
  // goes, then the new one comes. The halves are matched by the token.
  struct Reallocation {
    std::uint64_t old_size = 0;
    bool known = false;  // the old block was known
  };
  Reallocation release_for_reallocation(std::uint64_t old_address);
  void reallocated(const Reallocation& old, Function function, std::uint64_t address,
                   std::uint64_t size, const EventContext& context);
  // The second half will never be told: what remains is that the old block went.
  void reallocation_lost(const Reallocation& old);

  // Of a process that is sampled: an allocation (`moved`: a reallocation), drawn with this mean
  // gap, 0: recorded for certain. Frees come as those of any process; moved_away() is the end of a
  // sampled block that was reallocated.
  void sampled(Function function, std::uint64_t address, std::uint64_t size, std::uint64_t interval,
               bool moved, const EventContext& context);
  void moved_away(std::uint64_t address);

  void failed(Function function, std::uint64_t requested, int error_number, bool injected,
              const EventContext& context);

  // A large allocation from before the recording: told, but its block is not followed.
  void noted_large(Function function, std::uint64_t address, std::uint64_t size,
                   const EventContext& context);

  void mapped(Function function, std::uint64_t address, std::uint64_t length);
  void unmapped(std::uint64_t address, std::uint64_t length, bool failed);
  // mremap, in two halves as a reallocation.
  void release_for_remap(std::uint64_t old_address, std::uint64_t old_length);
  void remapped(std::uint64_t address, std::uint64_t length);
  void moved_break(Function function, std::uint64_t old_break, std::uint64_t new_break);

  // Whether a free of an unknown block is an inherited one (forked child) or an unmatched one.
  void set_inherits_blocks(bool inherits) { inherits_blocks_ = inherits; }
  [[nodiscard]] bool inherits_blocks() const { return inherits_blocks_; }

  [[nodiscard]] const LiveHeap& heap() const { return heap_; }
  [[nodiscard]] const SampledHeap& sampled_heap() const { return sampled_; }
  [[nodiscard]] const MappedRanges& mapped_ranges() const { return ranges_; }
  [[nodiscard]] bool has_moved_break() const { return live_break_bytes_ != 0; }

  // What an event on a block or of a stack will touch, brought into the cache for a caller who
  // knows which events come next. Any address and stack will do. First of all: is it worth while,
  // or are blocks and sites so few that the processor's nearer caches hold them anyway?
  [[nodiscard]] bool outgrows_cache() const {
    constexpr std::uint64_t kNearBlocks = 8192, kNearSites = 2048;
    return heap_.size() > kNearBlocks || facts.sites.size() > kNearSites;
  }
  void prefetch_block(std::uint64_t address) const { heap_.prefetch(address); }
  // The row that names the site of a stack, where there are many stacks.
  [[nodiscard]] bool rows_outgrow_cache() const {
    constexpr std::size_t kNearRows = 32'768;
    return site_of_stack_.size() > kNearRows;
  }
  [[nodiscard]] bool sites_outgrow_cache() const {
    constexpr std::size_t kNearSites = 8192;  // a megabyte
    return facts.sites.size() > kNearSites;
  }
  void prefetch_row(StackId stack) const {
    if (stack < site_of_stack_.size()) prefetch_line(&site_of_stack_[stack]);
  }
  // The site of the block that goes, or else of the stack of one that comes. One of the two by
  // arithmetic, not by a branch: which it is is chance, and guessing wrong would wait for memory.
  void prefetch_site(std::uint64_t address, bool goes, StackId stack) const {
    const std::uint32_t of_block = heap_.likely_site(address);
    const std::uint32_t of_stack = stack < site_of_stack_.size() ? site_of_stack_[stack] - 1 : 0;
    const std::uint32_t chosen = 0 - static_cast<std::uint32_t>(goes);
    prefetch_site((of_block & chosen) | (of_stack & ~chosen));
  }

  // The most that was live at a time since the last call, which begins anew.
  std::uint64_t take_recent_peak() {
    const std::uint64_t peak = recent_peak_;
    recent_peak_ = facts.heap.live_bytes;
    return peak;
  }

  // Is it time to end an epoch of the history, `at` seconds after the session's start?
  [[nodiscard]] bool is_epoch_due(double at) const { return history_.is_due(at); }
  void end_epoch(double at);
  // How long the last call took; without it epochs are as short as they may be.
  void add_epoch_cost(double seconds) { history_.add_cost(seconds); }

  // Brings the lazily kept peak shares in `facts.sites` up to date, and writes down the history.
  // Cheap enough for a checkpoint.
  void settle();

 private:
  struct SiteState {
    std::uint64_t peak_seen = 0;  // number of the last peak the site has taken its share for
    // The fewest live bytes after a free in this epoch. A reallocation's old block does not count:
    // it seems to be gone only until the new one is there; nor does a temporary one, for which all
    // is as before, unless the whole heap was never so small in this epoch.
    std::uint64_t least_bytes = 0;
  };
  struct SiteErrors {
    double live = 0, peak = 0, allocated = 0;  // variances of the bytes
  };
  struct ThreadState {
    std::uint64_t last_block = 0;  // of the thread's last allocation, while it may be temporary
    double allocated_variance = 0;
  };

  void prefetch_site(std::uint32_t site) const {
    if (site >= site_states_.size()) return;
    prefetch_line(&site_states_[site]);
    const char* row = reinterpret_cast<const char*>(&facts.sites[site]);
    prefetch_line(row);
    prefetch_line(row + sizeof(Site) - 1);  // rows may lie across two cache lines
  }
  std::uint32_t site_row(StackId stack) {
    if (stack < site_of_stack_.size() && site_of_stack_[stack] != 0) [[likely]] {
      return site_of_stack_[stack] - 1;
    }
    return new_site_row(stack);
  }
  std::uint32_t new_site_row(StackId stack);
  void take_peak_share(std::uint32_t site) {
    if (site_states_[site].peak_seen == peak_number_) return;
    site_states_[site].peak_seen = peak_number_;
    facts.sites[site].peak_bytes = facts.sites[site].live_bytes;
  }
  void grow_live(std::uint32_t site, std::uint64_t size, double at);
  void shrink_live(std::uint32_t site, std::uint64_t size);
  // Branches, since hardly any free makes a new least: a store at each would cost 1.5 ns.
  void note_least(std::uint32_t site) {
    SiteState& state = site_states_[site];
    const std::uint64_t live = facts.sites[site].live_bytes;
    if (live < state.least_bytes) [[unlikely]]
      state.least_bytes = live;
    if (facts.heap.live_bytes < least_bytes_) [[unlikely]]
      least_bytes_ = facts.heap.live_bytes;
  }
  void count_size(std::uint64_t size);
  void note_large(Function function, std::uint64_t address, std::uint64_t size,
                  const EventContext& context);
  void note_large_freed(Function function, std::uint64_t address, std::uint64_t size,
                        std::uint32_t site, const EventContext& context) const;
  void count_stale_block(const LiveBlock& stale);
  void update_mapped();
  FunctionTotals& totals_of(Function function) {
    const auto index = static_cast<std::size_t>(function);
    return facts.functions[index < kFunctionCount ? index : 0];
  }

  // live_process_sampled.cpp
  SiteErrors& errors_of(std::uint32_t site);
  void grow_estimate(std::uint32_t site, const Estimate& estimate, double at);
  void shrink_estimate(const SampledBlock& block);
  void count_stale_estimate(const SampledBlock& stale);
  bool free_sampled(Function function, std::uint64_t address, const EventContext& context);
  void settle_errors();

  // live_process_history.cpp
  void look_at_survivors();

  std::uint64_t large_threshold_;
  bool inherits_blocks_ = false;
  LiveHeap heap_;
  SampledHeap sampled_;
  std::vector<SiteErrors>
      site_errors_;  // shorter than the sites, or empty, where nothing is sampled
  SiteErrors sum_errors_;
  std::array<double, kSizeBuckets> size_variances_{};
  MappedRanges ranges_;
  HeapHistory history_;
  std::uint32_t cohort_ = 0;         // of blocks that are allocated now
  std::uint32_t cohort_origin_ = 0;  // LiveBlock::origin of thread 0 and this cohort
  std::uint64_t least_bytes_ = 0;    // as SiteState's, of the whole heap
  std::uint64_t peak_number_ = 0;
  std::uint64_t recent_peak_ = 0;
  std::uint64_t live_break_bytes_ = 0;
  std::vector<SiteState> site_states_;
  std::vector<ThreadState> thread_states_;
  std::vector<std::uint32_t> site_of_stack_;  // site row + 1 by StackId
  std::unordered_map<std::uint32_t, std::uint32_t> thread_rows_;
  using FailureKey = std::tuple<Function, std::uint64_t, std::int32_t, StackId, bool>;
  std::map<FailureKey, std::size_t> failure_rows_;
};

}  // namespace memwatch::model
