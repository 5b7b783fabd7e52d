#include "tests/unit/capture/dump_session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace memwatch::capture_testing {
namespace {

class Dump {
 public:
  template <typename... Values>
  void line(const char* name, const Values&... values) {
    text_ += name;
    ((fmt::format_to(std::back_inserter(text_), " {}", values)), ...);
    text_ += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void dump_rows(Dump& out, const model::Process& p) {
  for (const auto& r : p.sites) {
    out.line("site", r.stack, r.allocations, r.reallocations, r.allocated_bytes, r.live_blocks,
             r.live_bytes, r.peak_bytes, r.own_peak_bytes, r.temporary);
  }
  for (const auto& r : p.failures) {
    out.line("failure", static_cast<int>(r.function), r.requested, r.error_number, r.count,
             r.first_at, r.injected, r.stack, r.situation.rss, r.situation.cgroup_usage,
             r.situation.cgroup_limit, r.situation.address_space_limit);
  }
  for (const auto& r : p.large) {
    out.line("large", static_cast<int>(r.function), r.requested, r.address, r.at, r.tid, r.stack);
  }
  for (const auto& r : p.threads) {
    out.line("thread", r.tid, r.name, r.allocations, r.frees, r.reallocations, r.allocated_bytes,
             r.freed_bytes, r.temporary, r.failed);
  }
  for (const auto& r : p.timeline) {
    out.line("sample", r.at, r.live_bytes, r.live_blocks, r.mapped_bytes, r.allocations, r.rss,
             r.pss, r.vms, r.shared, r.data, r.stack, r.swap, r.minor_faults, r.major_faults,
             r.cgroup_usage, r.cgroup_limit, r.psi_some_avg10);
  }
  for (const auto& r : p.leaks) {
    out.line("leak", r.stack, static_cast<int>(r.kind), r.owner, r.suppression, r.blocks, r.bytes);
  }
  out.line("history", p.survivor_looks[0], p.survivor_looks[1], p.address_space_limit,
           p.data_limit);
  for (const auto& r : p.epochs) {
    out.line("epoch", r.end, r.least_bytes, r.allocated_bytes, r.unknown_frees);
  }
  for (const auto& r : p.site_epochs) {
    out.line("site epoch", r.stack, r.epoch, r.least_bytes, r.survived_first, r.survived_second);
  }
  for (const auto& holder : p.holders) {
    out.line("holder", static_cast<int>(holder.kind), static_cast<int>(holder.root), holder.tid,
             holder.root_address, holder.module, holder.module_offset, holder.symbol,
             holder.symbol_offset, holder.skipped);
    for (const auto& s : holder.steps) {
      out.line("step", s.stack, s.address, s.size, s.pointer_at, s.inside);
    }
  }
}

void dump_process(Dump& out, const model::Process& p) {
  out.line("process", p.pid, p.ppid, p.exe, p.command, p.start, p.duration,
           static_cast<int>(p.exit_kind), p.exit_code, p.exit_signal, p.out_of_memory_kill,
           static_cast<int>(p.mode), p.sample_interval, p.notes);
  const auto& t = p.totals;
  out.line("totals", t.allocations, t.frees, t.reallocations, t.allocated_bytes, t.freed_bytes,
           t.failed, t.large, t.temporary, t.maps, t.unmaps, t.mapped_bytes, t.unmapped_bytes,
           t.inherited_frees);
  out.line("heap", p.heap.live_blocks, p.heap.live_bytes, p.heap.peak_bytes, p.heap.peak_at,
           p.heap.peak_blocks, p.heap.inherited_blocks);
  out.line("memory", p.mapped.live_bytes, p.mapped.peak_bytes, p.rss.last, p.rss.peak,
           p.rss.samples);
  const auto& l = p.losses;
  out.line("losses", l.dropped_allocations, l.dropped_frees, l.unmatched_frees, l.truncated_stacks,
           l.stack_mismatches, l.damaged_records, l.children_unrecorded, l.exact);
  const auto& c = p.leak_check;
  out.line("leak check", static_cast<int>(c.method), c.complete, c.pause_us, c.root_bytes,
           c.block_bytes, c.watched_ms, c.reason, c.long_pause_reason);
  for (const auto& f : p.functions) out.line("function", f.calls, f.bytes, f.failed);
  for (const auto& b : p.sizes) out.line("bucket", b.allocations, b.bytes);
  dump_rows(out, p);
}

}  // namespace

std::string dump(const model::Session& s) {
  Dump out;
  out.line("session", s.memwatch_version, s.complete, s.host, s.started_at, s.command,
           s.large_threshold, s.suppressions);
  for (const auto& m : s.modules) out.line("module", m.path, m.build_id);
  for (const auto& a : s.code_addresses) out.line("address", a.module, a.offset, a.exact);
  for (std::size_t i = 0; i < s.symbols.size(); ++i) {
    for (const auto& f : s.symbols[i].frames) {
      out.line("frame", i, f.function, f.file, f.line, f.inlined);
    }
  }
  for (const auto& n : s.stacks) out.line("stack", n.parent, n.address);
  for (const auto& p : s.processes) dump_process(out, p);
  return out.take();
}

}  // namespace memwatch::capture_testing
