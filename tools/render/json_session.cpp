#include "tools/render/json_session.h"

#include <algorithm>
#include <cmath>

#include "collector/analysis/coverage.h"
#include "collector/analysis/failures.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/process_growth.h"
#include "collector/analysis/ranking.h"
#include "tools/render/growth_words.h"
#include "tools/render/json_holders.h"
#include "tools/render/json_totals.h"
#include "tools/render/json_words.h"

namespace memwatch::render {
namespace {

using Layout = JsonWriter::Layout;

void write_identity(JsonWriter& json, const model::Process& process) {
  json.member("pid", process.pid);
  json.member("ppid", process.ppid);
  json.member("exe", process.exe);
  json.key("command").begin_array();
  for (const std::string& argument : process.command) json.string(argument);
  json.end_array();
  json.key("start").real(process.start);
  json.key("duration").real(process.duration);
  json.key("exit").begin_object();
  json.member("kind", exit_kind_name(process.exit_kind));
  json.key("code").signed_number(process.exit_code);
  json.key("signal").signed_number(process.exit_signal);
  json.end_object();
  json.key("out_of_memory_kill").boolean(process.out_of_memory_kill);
  json.member("mode", mode_name(process.mode));
  json.member("sample_interval", process.sample_interval);
}

void write_totals(JsonWriter& json, const model::Totals& totals, model::Mode mode) {
  json.key("totals").begin_object();
  write_calls(json, totals);
  json.member("temporary", totals.temporary);
  json.member("maps", totals.maps);
  json.member("unmaps", totals.unmaps);
  json.member("mapped_bytes", totals.mapped_bytes);
  json.member("unmapped_bytes", totals.unmapped_bytes);
  json.member("inherited_frees", totals.inherited_frees);
  if (mode == model::Mode::sample) json.member("allocated_bytes_sd", totals.allocated_deviation);
  json.end_object();
}

void write_memory(JsonWriter& json, const model::Process& process) {
  json.key("heap").begin_object();
  json.member("live_blocks", process.heap.live_blocks);
  json.member("live_bytes", process.heap.live_bytes);
  json.member("peak_bytes", process.heap.peak_bytes);
  json.key("peak_at").real(process.heap.peak_at);
  json.member("peak_blocks", process.heap.peak_blocks);
  json.member("inherited_blocks", process.heap.inherited_blocks);
  if (process.mode == model::Mode::sample) {
    json.member("live_bytes_sd", process.heap.live_deviation);
    json.member("peak_bytes_sd", process.heap.peak_deviation);
  }
  json.end_object();
  json.key("mapped").begin_object();
  json.member("live_bytes", process.mapped.live_bytes);
  json.member("peak_bytes", process.mapped.peak_bytes);
  json.end_object();
  json.key("rss").begin_object();
  json.member("last", process.rss.last);
  json.member("peak", process.rss.peak);
  json.member("samples", process.rss.samples);
  json.end_object();
  if (const auto coverage = analysis::find_coverage(process)) {
    json.key("coverage").begin_object();
    json.key("at").real(coverage->at);
    json.member("rss", coverage->rss);
    json.member("heap", coverage->heap);
    json.member("mapped", coverage->mapped);
    json.key("explained").real(coverage->explained);
    json.member("rss_growth", coverage->rss_growth);
    json.key("explained_growth");
    coverage->explained_growth ? json.real(*coverage->explained_growth) : json.null();
    json.end_object();
  }
}

void write_losses(JsonWriter& json, const model::Losses& losses) {
  json.key("losses").begin_object();
  json.member("dropped_allocations", losses.dropped_allocations);
  json.member("dropped_frees", losses.dropped_frees);
  json.member("unmatched_frees", losses.unmatched_frees);
  json.member("truncated_stacks", losses.truncated_stacks);
  json.member("stack_mismatches", losses.stack_mismatches);
  json.member("damaged_records", losses.damaged_records);
  json.member("children_unrecorded", losses.children_unrecorded);
  json.key("exact").boolean(losses.nothing_lost());
  json.end_object();
}

void write_functions(JsonWriter& json, const model::Process& process) {
  json.key("functions").begin_object(Layout::lines);
  for (std::size_t i = 1; i < kFunctionCount; ++i) {
    const model::FunctionTotals& totals = process.functions[i];
    if (totals.calls == 0) continue;
    json.key(function_name(static_cast<Function>(i))).begin_object();
    json.member("calls", totals.calls);
    json.member("bytes", totals.bytes);
    json.member("failed", totals.failed);
    json.end_object();
  }
  json.end_object();
}

void write_events(JsonWriter& json, const model::Process& process,
                  const analysis::Selection& selection, StackIds& stacks) {
  json.key("failures").begin_array(Layout::lines);
  for (const model::Failure& failure : process.failures) {
    if (!selection.includes(failure.stack)) continue;
    json.begin_object();
    json.member("function", function_name(failure.function));
    json.member("requested", failure.requested);
    json.key("errno").signed_number(failure.error_number);
    json.member("errno_name", analysis::errno_name(failure.error_number));
    json.member("count", failure.count);
    json.key("first_at").real(failure.first_at);
    json.key("injected").boolean(failure.injected);
    json.member("stack", stacks.id_of(failure.stack));
    json.key("situation").begin_object();
    json.member("rss", failure.situation.rss);
    json.member("cgroup_usage", failure.situation.cgroup_usage);
    json.member("cgroup_limit", failure.situation.cgroup_limit);
    json.member("address_space_limit", failure.situation.address_space_limit);
    json.end_object();
    json.end_object();
  }
  json.end_array();
  json.key("large").begin_array(Layout::lines);
  for (const model::LargeAllocation& allocation : process.large) {
    if (!selection.includes(allocation.stack)) continue;
    json.begin_object();
    json.member("function", function_name(allocation.function));
    json.member("requested", allocation.requested);
    json.key("address").hex(allocation.address);
    json.key("at").real(allocation.at);
    json.member("tid", allocation.tid);
    json.member("stack", stacks.id_of(allocation.stack));
    json.end_object();
  }
  json.end_array();
}

// What each suppression took out; together they are suppressed_bytes and suppressed_blocks.
void write_suppressed_by(JsonWriter& json, const model::Session& session,
                         const model::Process& process) {
  const std::vector<analysis::KindSum> sums = analysis::suppressed_by(session, process);
  json.key("suppressed_by").begin_array(Layout::lines);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].blocks == 0) continue;
    json.begin_object();
    json.member("suppression", session.suppressions[i]);
    json.member("blocks", sums[i].blocks);
    json.member("bytes", sums[i].bytes);
    json.end_object();
  }
  json.end_array();
}

void write_leaks(JsonWriter& json, const model::Process& process,
                 const analysis::Selection& selection, const JsonOptions& options,
                 StackIds& stacks) {
  const analysis::ProcessLeaks leaks = analysis::leaks_of(process, selection);
  json.key("leaks").begin_object(Layout::lines);
  json.member("method", leaks.method);
  json.key("complete").boolean(leaks.complete);
  write_leak_sums(json, leaks.sums);
  write_suppressed_by(json, selection.session(), process);
  json.key("pause_ms").real(leaks.pause_ms);
  write_watched(json, leaks);
  if (!leaks.long_pause_reason.empty()) json.member("pause_reason", leaks.long_pause_reason);
  json.member("reason", leaks.reason);
  json.key("records").begin_array(Layout::lines);
  std::size_t written = 0;
  for (const analysis::LeakRecord& record : leaks.records) {
    if (options.top != 0 && written++ >= options.top) break;
    json.begin_object();
    json.member("kind", record.kind);
    json.member("blocks", record.blocks);
    json.member("bytes", record.bytes);
    json.member("stack", stacks.id_of(record.stack));
    if (record.owner != model::kNone) json.member("owner", stacks.id_of(record.owner));
    if (record.kind == "definite") json.member("retained_bytes", record.retained_bytes);
    json.end_object();
  }
  json.end_array();
  write_holders(json, process, selection, options.top, stacks);
  json.end_object();
}

void write_range(JsonWriter& json, const char* name, const std::array<double, 2>& range) {
  json.key(name).begin_array();
  for (const double end : range) std::isfinite(end) ? json.real(end) : json.null();
  json.end_array();
}

void write_site_growth(JsonWriter& json, const analysis::ProcessGrowth& growth,
                       model::StackId stack) {
  const auto grown =
      std::find_if(growth.sites.begin(), growth.sites.end(),
                   [stack](const analysis::SiteGrowth& site) { return site.stack == stack; });
  const bool growing = grown != growth.sites.end();
  const auto doubtful = growth.doubtful_sites.find(stack);
  json.key("growth").begin_object();
  json.key("growing").boolean(growing);
  // Of a site that does not grow: how much speaks for growth all the same.
  json.member("confidence", growing                                   ? grown->verdict.confidence
                            : doubtful == growth.doubtful_sites.end() ? 0U
                                                                      : doubtful->second);
  json.key("bytes_per_second").real(growing ? grown->verdict.bytes_per_second : 0);
  json.end_object();
}

void write_sites(JsonWriter& json, const model::Process& process,
                 const analysis::Selection& selection, const JsonOptions& options,
                 const analysis::ProcessGrowth& growth, StackIds& stacks) {
  json.key("sites").begin_array(Layout::lines);
  for (const model::Site* site :
       analysis::sites_by_cost(selection, process, options.cost, options.top)) {
    json.begin_object();
    json.member("stack", stacks.id_of(site->stack));
    json.member("allocations", site->allocations);
    json.member("reallocations", site->reallocations);
    json.member("allocated_bytes", site->allocated_bytes);
    json.member("live_blocks", site->live_blocks);
    json.member("live_bytes", site->live_bytes);
    json.member("peak_bytes", site->peak_bytes);
    json.member("own_peak_bytes", site->own_peak_bytes);
    json.member("temporary", site->temporary);
    if (process.mode == model::Mode::sample) {
      json.member("live_bytes_sd", site->live_deviation);
      json.member("peak_bytes_sd", site->peak_deviation);
      json.member("allocated_bytes_sd", site->allocated_deviation);
    }
    write_site_growth(json, growth, site->stack);
    json.end_object();
  }
  json.end_array();
}

void write_threads(JsonWriter& json, const model::Process& process) {
  json.key("threads").begin_array(Layout::lines);
  for (const model::ThreadTotals& thread : process.threads) {
    json.begin_object();
    json.member("tid", thread.tid);
    json.member("name", thread.name);
    json.member("allocations", thread.allocations);
    json.member("frees", thread.frees);
    json.member("reallocations", thread.reallocations);
    json.member("allocated_bytes", thread.allocated_bytes);
    json.member("freed_bytes", thread.freed_bytes);
    json.member("temporary", thread.temporary);
    json.member("failed", thread.failed);
    if (process.mode == model::Mode::sample) {
      json.member("allocated_bytes_sd", thread.allocated_deviation);
    }
    json.end_object();
  }
  json.end_array();
}

void write_sizes(JsonWriter& json, const model::Process& process) {
  json.key("sizes").begin_array(Layout::lines);
  for (std::size_t i = 0; i < process.sizes.size(); ++i) {
    if (process.sizes[i].allocations == 0) continue;
    json.begin_object();
    const std::uint64_t from = i == 0 ? 0 : std::uint64_t{1} << (i - 1);
    json.member("from", from);
    json.member("to", i == 0 ? 0 : from + (from - 1));
    json.member("allocations", process.sizes[i].allocations);
    json.member("bytes", process.sizes[i].bytes);
    if (process.mode == model::Mode::sample) json.member("bytes_sd", process.sizes[i].deviation);
    json.end_object();
  }
  json.end_array();
}

void write_timeline(JsonWriter& json, const model::Process& process) {
  json.key("timeline").begin_array(Layout::lines);
  for (const model::TimelineSample& sample : process.timeline) {
    json.begin_object();
    json.key("at").real(sample.at);
    json.member("live_bytes", sample.live_bytes);
    json.member("live_blocks", sample.live_blocks);
    json.member("mapped_bytes", sample.mapped_bytes);
    json.member("allocations", sample.allocations);
    json.member("rss", sample.rss);
    json.member("pss", sample.pss);
    json.member("vms", sample.vms);
    json.member("shared", sample.shared);
    json.member("data", sample.data);
    json.member("stack", sample.stack);
    json.member("swap", sample.swap);
    json.member("minor_faults", sample.minor_faults);
    json.member("major_faults", sample.major_faults);
    json.member("cgroup_usage", sample.cgroup_usage);
    json.member("cgroup_limit", sample.cgroup_limit);
    json.key("psi_some_avg10").real(sample.psi_some_avg10);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_growth(JsonWriter& json, const analysis::ProcessGrowth& growth,
                  const model::Process& process, const model::Session& session) {
  json.begin_object();
  json.member("pattern", analysis::growth_pattern_name(growth.pattern));
  json.member("confidence", growth.confidence);
  json.key("bytes_per_second").real(growth.bytes_per_second);
  write_range(json, "bytes_per_second_range", growth.rate_range);
  json.key("duration").real(growth.duration);
  json.member("severity", growth.severity);
  json.member("recommendation", growth_recommendation(growth, process, session));
  const auto& ahead = growth.time_to_limit;
  json.key("seconds_to_limit");
  ahead&& std::isfinite(ahead->seconds) ? json.real(ahead->seconds) : json.null();
  if (ahead) {
    write_range(json, "seconds_to_limit_range", ahead->range);
    json.member("limit", ahead->limit);
  }
  json.end_object();
}

void write_json_process(JsonWriter& json, const model::Process& process,
                        const analysis::Selection& selection, const JsonOptions& options,
                        StackIds& stacks) {
  json.begin_object(Layout::lines);
  write_identity(json, process);
  write_totals(json, process.totals, process.mode);
  write_memory(json, process);
  write_losses(json, process.losses);
  write_functions(json, process);
  write_events(json, process, selection, stacks);
  write_leaks(json, process, selection, options, stacks);
  const analysis::ProcessGrowth growth = analysis::find_growth(process, options.sensitivity);
  json.key("growth");
  write_growth(json, growth, process, selection.session());
  write_sites(json, process, selection, options, growth, stacks);
  write_threads(json, process);
  write_sizes(json, process);
  write_timeline(json, process);
  json.key("notes").begin_array();
  for (const std::string& note : process.notes) json.string(note);
  json.end_array();
  json.end_object();
}

}  // namespace memwatch::render
