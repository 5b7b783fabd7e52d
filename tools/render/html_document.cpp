#include "tools/render/html_document.h"

#include <algorithm>
#include <cmath>

#include "collector/analysis/deviation.h"
#include "collector/analysis/failures.h"
#include "collector/analysis/large.h"
#include "collector/analysis/processes.h"
#include "collector/analysis/threads.h"
#include "collector/analysis/timeline.h"
#include "tools/render/html_scope.h"
#include "tools/render/json_report.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

// Of all scopes of single processes together; each gets a share, but never less than these few.
constexpr std::size_t kSharedNodes = 20'000, kFewestNodes = 100;
constexpr std::size_t kSharedRows = 2'000, kFewestRows = 10, kMostRows = 500;
constexpr std::size_t kSharedColumns = 20'000, kFewestColumns = 24, kMostColumns = 600;
constexpr std::size_t kMostEvents = 1'000;  // rows of failures, large allocations, threads

std::size_t shared_out(std::size_t all, std::size_t among, std::size_t least, std::size_t most) {
  return std::clamp(all / std::max<std::size_t>(among, 1), least, most);
}

void write_arguments(JsonWriter& json, const std::vector<std::string>& command) {
  json.key("command").begin_array();
  for (const std::string& argument : command) json.string(printable(argument));
  json.end_array();
}

void write_timeline(JsonWriter& json, const model::Process& process, std::size_t most) {
  const analysis::Timeline timeline =
      analysis::make_timeline(process, std::min(most, process.timeline.size()));
  json.key("timeline").begin_object();
  json.key("at").begin_array();
  // Tenths of a millisecond are more than a sample knows of its time.
  for (const auto& column : timeline.columns) json.real(std::round(column.at * 1e4) / 1e4);
  json.end_array();
  const auto series = [&](std::string_view name, std::uint64_t analysis::TimelineColumn::*member) {
    json.key(name).begin_array();
    for (const auto& column : timeline.columns) json.number(column.*member);
    json.end_array();
  };
  series("heap", &analysis::TimelineColumn::live_bytes);
  series("mapped", &analysis::TimelineColumn::mapped_bytes);
  series("rss", &analysis::TimelineColumn::rss);
  json.end_object();
}

std::string_view mode_name(model::Mode mode) {
  if (mode == model::Mode::sample) return "sample";
  return mode == model::Mode::idle ? "idle" : "exact";
}

void write_process(JsonWriter& json, const model::Session& session, const analysis::ProcessRow& row,
                   std::size_t columns) {
  const model::Process& process = *row.process;
  json.begin_object();
  json.member("pid", process.pid);
  json.member("ppid", process.ppid);
  json.member("depth", row.depth);
  json.member("name", program_name(process));
  json.member("exe", printable(process.exe));
  write_arguments(json, process.command);
  json.key("start").real(process.start);
  json.key("duration").real(process.duration);
  json.member("end", end_phrase(session, process));
  json.key("replaced").boolean(process.exit_kind == model::ExitKind::exec);
  json.member("mode", mode_name(process.mode));
  json.key("exact").boolean(process.losses.nothing_lost() && process.mode == model::Mode::exact);
  json.member("allocations", process.totals.allocations);
  json.member("allocated", process.totals.allocated_bytes);
  json.member("failed", process.totals.failed);
  json.member("live", process.heap.live_bytes);
  json.member("liveBlocks", process.heap.live_blocks);
  json.member("peak", process.heap.peak_bytes);
  json.member("peakError", analysis::error_bar(process.heap.peak_deviation));
  json.member("peakBlocks", process.heap.peak_blocks);
  json.key("peakAt").real(process.heap.peak_at);
  json.member("rss", process.rss.peak);
  write_timeline(json, process, columns);
  json.end_object();
}

void write_failures(JsonWriter& json, const analysis::Selection& selection,
                    const ProcessNumbers& processes, HtmlNames& names) {
  const analysis::FailureReport report = analysis::find_failures(selection);
  json.key("failures").begin_object();
  json.member("count", report.rows.size());
  json.key("rows").begin_array();
  for (std::size_t i = 0; i < std::min(kMostEvents, report.rows.size()); ++i) {
    const model::Failure& failure = *report.rows[i].failure;
    json.begin_object();
    json.member("process", processes.at(report.rows[i].process));
    json.member("function", function_name(failure.function));
    json.member("requested", failure.requested);
    json.member("error", analysis::errno_name(failure.error_number));
    json.member("times", failure.count);
    json.key("at").real(failure.first_at);
    json.key("injected").boolean(failure.injected);
    json.member("stack", names.stack_id(failure.stack));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_large(JsonWriter& json, const analysis::Selection& selection,
                 const ProcessNumbers& processes, HtmlNames& names) {
  const analysis::LargeReport report = analysis::find_large(selection);
  json.key("large").begin_object();
  json.member("threshold", report.threshold_bytes);
  json.member("count", report.rows.size());
  json.key("rows").begin_array();
  for (std::size_t i = 0; i < std::min(kMostEvents, report.rows.size()); ++i) {
    const model::LargeAllocation& allocation = *report.rows[i].allocation;
    json.begin_object();
    json.member("process", processes.at(report.rows[i].process));
    json.member("function", function_name(allocation.function));
    json.member("requested", allocation.requested);
    json.key("address").hex(allocation.address);
    json.key("at").real(allocation.at);
    json.member("tid", allocation.tid);
    json.member("stack", names.stack_id(allocation.stack));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_threads(JsonWriter& json, const analysis::Selection& selection,
                   const ProcessNumbers& processes) {
  const std::vector<analysis::ThreadRow> rows = analysis::list_threads(selection);
  json.key("threads").begin_object();
  json.member("count", rows.size());
  json.key("rows").begin_array();
  for (std::size_t i = 0; i < std::min(kMostEvents, rows.size()); ++i) {
    const model::ThreadTotals& thread = *rows[i].thread;
    json.begin_object();
    json.member("process", processes.at(rows[i].process));
    json.member("tid", thread.tid);
    json.member("name", printable(thread.name));
    json.member("allocations", thread.allocations);
    json.member("reallocations", thread.reallocations);
    json.member("frees", thread.frees);
    json.member("allocated", thread.allocated_bytes);
    json.member("freed", thread.freed_bytes);
    json.member("temporary", thread.temporary);
    json.member("failed", thread.failed);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

// The processes that get a scope of their own, largest first: all that a reader may ask about when
// there are few. A single process is what scope 0 shows already.
std::vector<const model::Process*> own_scopes(const analysis::Selection& selection) {
  std::vector<const model::Process*> processes;
  if (selection.processes().size() < 2) return processes;
  for (const model::Process* process : selection.processes()) {
    if (process->totals.allocations + process->totals.reallocations + process->totals.failed > 0) {
      processes.push_back(process);
    }
  }
  std::stable_sort(processes.begin(), processes.end(),
                   [](const model::Process* a, const model::Process* b) {
                     return a->heap.peak_bytes > b->heap.peak_bytes;
                   });
  if (processes.size() > kMostScopes) processes.resize(kMostScopes);
  return processes;
}

void write_scopes(JsonWriter& json, const analysis::Selection& selection,
                  const HtmlOptions& options, const ProcessNumbers& processes, HtmlNames& names,
                  analysis::CodeFunctions& functions) {
  const std::vector<const model::Process*> own = own_scopes(selection);
  ScopeLimits limits;
  if (options.top > 0) limits.rows = options.top;
  json.key("scopes").begin_array();
  write_html_scope(json, {selection, processes, functions, names, limits});
  limits.flame_nodes = shared_out(kSharedNodes, own.size(), kFewestNodes, kSharedNodes);
  if (options.top == 0) {
    limits.rows = shared_out(kSharedRows, own.size(), kFewestRows, kMostRows);
  }
  for (const model::Process* process : own) {
    const analysis::Selection one = selection.of_process(*process);
    write_html_scope(json, {one, processes, functions, names, limits});
  }
  json.end_array();
}

}  // namespace

void write_html_document(const analysis::Selection& selection, const HtmlOptions& options,
                         Output& output) {
  const model::Session& session = selection.session();
  const std::vector<analysis::ProcessRow> rows = analysis::list_processes(selection);
  ProcessNumbers numbers;
  for (const analysis::ProcessRow& row : rows) numbers.emplace(row.process, numbers.size());
  analysis::CodeFunctions functions(session);
  HtmlNames names(session, functions);
  JsonWriter json(output, JsonWriter::Dialect::script);
  json.begin_object();
  json.member("schema", "memwatch.html/1");
  json.member("version", printable(session.memwatch_version));
  json.key("complete").boolean(session.complete);
  json.member("host", printable(session.host));
  json.member("startedAt", rfc3339(session.started_at));
  write_arguments(json, session.command);
  json.member("session", printable(options.session_path));
  json.member("filter", printable(options.filter));
  json.member("exclude", printable(options.exclude));
  json.member("cost", analysis::cost_name(options.cost));
  const analysis::FlameOptions folding;
  json.key("leastShare").real(folding.least_share);
  json.member("mostNodes", folding.most_nodes);
  json.key("processes").begin_array();
  const std::size_t columns = shared_out(kSharedColumns, rows.size(), kFewestColumns, kMostColumns);
  for (const analysis::ProcessRow& row : rows) write_process(json, session, row, columns);
  json.end_array();
  write_failures(json, selection, numbers, names);
  write_large(json, selection, numbers, names);
  write_threads(json, selection, numbers);
  write_scopes(json, selection, options, numbers, names, functions);
  names.write(json);
  json.end_object();
}

}  // namespace memwatch::render
