#include "collector/model/live_process.h"

#include <algorithm>
#include <bit>

namespace memwatch::model {

namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t to_pages(std::uint64_t length) {
  return length > UINT64_MAX - kPage ? length : (length + kPage - 1) / kPage * kPage;
}

}  // namespace

LiveProcess::LiveProcess(std::uint64_t large_threshold) : large_threshold_(large_threshold) {}

std::uint32_t LiveProcess::thread_row(std::uint32_t tid, const std::string& name) {
  if (facts.threads.size() >= kMaxThreadRows && !thread_rows_.contains(tid)) tid = 0;
  const auto [at, is_new] =
      thread_rows_.try_emplace(tid, static_cast<std::uint32_t>(facts.threads.size()));
  if (is_new) {
    facts.threads.push_back(ThreadTotals{});
    facts.threads.back().tid = tid;
    thread_states_.emplace_back();
  }
  if (!name.empty() && tid != 0) facts.threads[at->second].name = name;
  return at->second;
}

// The last row, of all further threads, has the number kMaxThreadRows.
static_assert(kMaxThreadRows <= LiveBlock::kThreadMask);

std::uint32_t LiveProcess::new_site_row(StackId stack) {
  if (stack >= site_of_stack_.size()) site_of_stack_.resize(stack + stack / 2 + 64);
  const auto row = static_cast<std::uint32_t>(facts.sites.size());
  facts.sites.push_back(Site{});
  facts.sites.back().stack = stack;
  site_states_.push_back(SiteState{peak_number_, 0});
  site_of_stack_[stack] = row + 1;
  return row;
}

inline void LiveProcess::grow_live(std::uint32_t site, std::uint64_t size, double at) {
  take_peak_share(site);
  Site& row = facts.sites[site];
  ++row.live_blocks;
  row.live_bytes += size;
  row.own_peak_bytes = std::max(row.own_peak_bytes, row.live_bytes);
  ++facts.heap.live_blocks;
  facts.heap.live_bytes += size;
  recent_peak_ = std::max(recent_peak_, facts.heap.live_bytes);
  if (facts.heap.live_bytes > facts.heap.peak_bytes) {
    facts.heap.peak_bytes = facts.heap.live_bytes;
    facts.heap.peak_blocks = facts.heap.live_blocks;
    facts.heap.peak_at = at;
    ++peak_number_;
  }
}

inline void LiveProcess::shrink_live(std::uint32_t site, std::uint64_t size) {
  take_peak_share(site);
  Site& row = facts.sites[site];
  --row.live_blocks;
  row.live_bytes -= size;
  --facts.heap.live_blocks;
  facts.heap.live_bytes -= size;
}

inline void LiveProcess::count_size(std::uint64_t size) {
  SizeBucket& bucket = facts.sizes[static_cast<std::size_t>(std::bit_width(size))];
  ++bucket.allocations;
  bucket.bytes += size;
}

void LiveProcess::note_large(Function function, std::uint64_t address, std::uint64_t size,
                             const EventContext& context) {
  ++facts.totals.large;
  const LargeAllocation event{
      function, size, address, context.at, facts.threads[context.thread].tid, context.stack};
  if (facts.large.size() < kMaxLargeEvents) facts.large.push_back(event);
  if (on_large) on_large(event);
}

void LiveProcess::note_large_freed(Function function, std::uint64_t address, std::uint64_t size,
                                   std::uint32_t site, const EventContext& context) const {
  if (!on_large_freed) return;
  on_large_freed({function, size, address, context.at, facts.threads[context.thread].tid,
                  facts.sites[site].stack});
}

// An allocation at an address that is still live: its free went past us (a library that calls the
// allocator by another name). The old block is gone; the loss is counted.
void LiveProcess::count_stale_block(const LiveBlock& stale) {
  shrink_live(stale.site, stale.size);
  ++facts.totals.frees;
  facts.totals.freed_bytes += stale.size;
  ++facts.losses.dropped_frees;
  facts.losses.exact = false;
}

void LiveProcess::allocated(Function function, std::uint64_t address, std::uint64_t size,
                            const EventContext& context) {
  const std::uint32_t site = site_row(context.stack);
  LiveBlock stale;
  if (heap_.add(LiveBlock{address, size, site, context.thread | cohort_origin_}, &stale))
      [[unlikely]] {
    count_stale_block(stale);
  }
  grow_live(site, size, context.at);
  ++facts.totals.allocations;
  facts.totals.allocated_bytes += size;
  Site& row = facts.sites[site];
  ++row.allocations;
  row.allocated_bytes += size;
  FunctionTotals& function_totals = totals_of(function);
  ++function_totals.calls;
  function_totals.bytes += size;
  ThreadTotals& thread = facts.threads[context.thread];
  ++thread.allocations;
  thread.allocated_bytes += size;
  thread_states_[context.thread].last_block = address;
  count_size(size);
  if (size >= large_threshold_) [[unlikely]] {
    note_large(function, address, size, context);
  }
}

void LiveProcess::freed(Function function, std::uint64_t address, const EventContext& context) {
  ++totals_of(function).calls;
  LiveBlock block;
  if (!heap_.remove(address, &block)) {
    if (facts.mode == Mode::sample) {
      // One that was not sampled, or for an earlier collector, stands for nothing.
      if (!free_sampled(function, address, context)) --totals_of(function).calls;
      return;
    }
    ++(inherits_blocks_ ? facts.totals.inherited_frees : facts.losses.unmatched_frees);
    return;
  }
  shrink_live(block.site, block.size);
  if (block.size >= large_threshold_) [[unlikely]] {
    note_large_freed(function, address, block.size, block.site, context);
  }
  ++facts.totals.frees;
  facts.totals.freed_bytes += block.size;
  ThreadTotals& thread = facts.threads[context.thread];
  ++thread.frees;
  thread.freed_bytes += block.size;
  ThreadState& state = thread_states_[context.thread];
  if (state.last_block == address && block.thread() == context.thread) {
    state.last_block = 0;
    ++thread.temporary;
    ++facts.totals.temporary;
    ++facts.sites[block.site].temporary;
    // All is as it was before it came, unless an epoch has ended meanwhile or others have freed.
    if (facts.heap.live_bytes >= least_bytes_) [[likely]] {
      return;
    }
  }
  note_least(block.site);
}

LiveProcess::Reallocation LiveProcess::release_for_reallocation(std::uint64_t old_address) {
  LiveBlock block;
  if (!heap_.remove(old_address, &block)) return Reallocation{};
  shrink_live(block.site, block.size);
  return Reallocation{block.size, true};
}

void LiveProcess::reallocated(const Reallocation& old, Function function, std::uint64_t address,
                              std::uint64_t size, const EventContext& context) {
  const std::uint32_t site = site_row(context.stack);
  LiveBlock stale;
  if (heap_.add(LiveBlock{address, size, site, context.thread | cohort_origin_}, &stale))
      [[unlikely]] {
    count_stale_block(stale);
  }
  grow_live(site, size, context.at);
  if (!old.known) {
    ++(inherits_blocks_ ? facts.totals.inherited_frees : facts.losses.unmatched_frees);
  }
  ++facts.totals.reallocations;
  facts.totals.allocated_bytes += size;
  facts.totals.freed_bytes += old.old_size;
  Site& row = facts.sites[site];
  ++row.reallocations;
  row.allocated_bytes += size;
  FunctionTotals& function_totals = totals_of(function);
  ++function_totals.calls;
  function_totals.bytes += size;
  ThreadTotals& thread = facts.threads[context.thread];
  ++thread.reallocations;
  thread.allocated_bytes += size;
  thread.freed_bytes += old.old_size;
  thread_states_[context.thread].last_block = 0;  // a reallocated block is not temporary
  count_size(size);
  if (size >= large_threshold_) [[unlikely]] {
    note_large(function, address, size, context);
  }
}

void LiveProcess::reallocation_lost(const Reallocation& old) {
  if (!old.known) return;
  ++facts.totals.frees;
  facts.totals.freed_bytes += old.old_size;
}

void LiveProcess::failed(Function function, std::uint64_t requested, int error_number,
                         bool injected, const EventContext& context) {
  ++facts.totals.failed;
  FunctionTotals& function_totals = totals_of(function);
  ++function_totals.calls;
  ++function_totals.failed;
  ++facts.threads[context.thread].failed;
  // Kinds of failures are bounded: beyond that, sizes count as their power of two.
  constexpr std::size_t kMaxFailureKinds = 10'000;
  if (failure_rows_.size() >= kMaxFailureKinds) requested = std::bit_floor(requested);
  const FailureKey key{function, requested, error_number, context.stack, injected};
  const auto [at, is_new] = failure_rows_.try_emplace(key, facts.failures.size());
  if (is_new) {
    Failure failure;
    failure.function = function;
    failure.requested = requested;
    failure.error_number = error_number;
    failure.injected = injected;
    failure.first_at = context.at;
    failure.stack = context.stack;
    if (situation) failure.situation = situation();
    facts.failures.push_back(failure);
  }
  Failure& row = facts.failures[at->second];
  ++row.count;
  if (on_failure) on_failure(row);
}

void LiveProcess::noted_large(Function function, std::uint64_t address, std::uint64_t size,
                              const EventContext& context) {
  if (size >= large_threshold_) note_large(function, address, size, context);
}

void LiveProcess::update_mapped() {
  facts.mapped.live_bytes = ranges_.bytes() + live_break_bytes_;
  facts.mapped.peak_bytes = std::max(facts.mapped.peak_bytes, facts.mapped.live_bytes);
}

void LiveProcess::mapped(Function function, std::uint64_t address, std::uint64_t length) {
  length = to_pages(length);
  facts.totals.unmapped_bytes += ranges_.map(address, length);
  ++facts.totals.maps;
  facts.totals.mapped_bytes += length;
  FunctionTotals& function_totals = totals_of(function);
  ++function_totals.calls;
  function_totals.bytes += length;
  update_mapped();
}

void LiveProcess::unmapped(std::uint64_t address, std::uint64_t length, bool failed) {
  FunctionTotals& function_totals = totals_of(Function::munmap_);
  ++function_totals.calls;
  if (failed) return;
  const std::uint64_t bytes = ranges_.unmap(address, to_pages(length));
  ++facts.totals.unmaps;
  facts.totals.unmapped_bytes += bytes;
  function_totals.bytes += bytes;
  update_mapped();
}

void LiveProcess::release_for_remap(std::uint64_t old_address, std::uint64_t old_length) {
  facts.totals.unmapped_bytes += ranges_.unmap(old_address, to_pages(old_length));
}

void LiveProcess::remapped(std::uint64_t address, std::uint64_t length) {
  length = to_pages(length);
  facts.totals.unmapped_bytes += ranges_.map(address, length);
  facts.totals.mapped_bytes += length;
  FunctionTotals& function_totals = totals_of(Function::mremap_);
  ++function_totals.calls;
  function_totals.bytes += length;
  update_mapped();
}

void LiveProcess::moved_break(Function function, std::uint64_t old_break, std::uint64_t new_break) {
  FunctionTotals& function_totals = totals_of(function);
  ++function_totals.calls;
  if (new_break >= old_break) {
    const std::uint64_t grown = new_break - old_break;
    facts.totals.mapped_bytes += grown;
    function_totals.bytes += grown;
    live_break_bytes_ += grown;
  } else {
    const std::uint64_t shrunk = old_break - new_break;
    facts.totals.unmapped_bytes += shrunk;
    live_break_bytes_ -= std::min(live_break_bytes_, shrunk);
  }
  update_mapped();
}

void LiveProcess::settle() {
  if (!site_errors_.empty()) settle_errors();
  for (std::uint32_t site = 0; site < facts.sites.size(); ++site) take_peak_share(site);
  history_.write_down(facts);
}

}  // namespace memwatch::model
