// The views that are tables: threads, modules, processes, sizes.
#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/modules.h"
#include "collector/analysis/processes.h"
#include "collector/analysis/sizes.h"
#include "collector/analysis/stack_text.h"
#include "collector/analysis/summary.h"
#include "collector/analysis/threads.h"
#include "tools/render/chart.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/table.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kWidthForCalls = 90;  // narrower pages leave the column out
constexpr std::size_t kDeepestIndent = 8;   // levels of a process tree

std::size_t limit(std::size_t top, std::size_t rows) {
  return top == 0 ? rows : std::min(top, rows);
}

std::string size_range(const analysis::SizeRow& row) {
  if (row.to == 0) return "0 B";
  if (row.from == row.to) return human_bytes(row.from);
  // Rows end one below a power of two; "up to" reads better than "16383 B".
  return fmt::format("{} – {}", human_bytes(row.from),
                     row.to < 1024 ? fmt::format("{} B", row.to) : "<" + human_bytes(row.to + 1));
}

// A column of error bars beside the bytes, where any of the rows has one: sampled processes.
class ErrorColumn {
 public:
  template <typename Rows, typename DeviationOf>
  ErrorColumn(const Rows& rows, DeviationOf deviation_of)
      : shown_(std::any_of(rows.begin(), rows.end(),
                           [&](const auto& row) { return deviation_of(row) > 0; })) {}

  [[nodiscard]] bool is_shown() const { return shown_; }
  // Both leave the column out where it is not shown.
  void add_to(std::vector<Column>& columns) const {
    if (shown_) columns.push_back({""});
  }
  void add_to(std::vector<Cell>& cells, std::uint64_t deviation) const {
    if (shown_) cells.push_back({error_phrase(deviation), Tone::faint});
  }

 private:
  bool shown_;
};

}  // namespace

void write_threads(Page& page, const ViewContext& context) {
  const std::vector<analysis::ThreadRow> rows = analysis::list_threads(context.selection);
  if (rows.empty()) {
    page.line("No thread made an allocation call that was recorded.");
    return;
  }
  const bool several = context.selection.processes().size() > 1;
  page.line(page.paint(Tone::strong, counted(rows.size(), "thread", "threads")) +
            ", the one with most bytes first");
  page.blank();
  const ErrorColumn errors(
      rows, [](const analysis::ThreadRow& row) { return row.thread->allocated_deviation; });
  std::vector<Column> columns = {{"allocated"}};
  errors.add_to(columns);
  for (const char* title : {"", "allocations"}) columns.push_back({title});
  // A sample does not know what came in between.
  if (!errors.is_shown()) columns.push_back({"temporary"});
  for (const char* title : {"freed", "failed", "tid"}) columns.push_back({title});
  columns.push_back({several ? "thread (process)" : "thread", Align::left});
  Table table(std::move(columns));
  const std::size_t shown = limit(page.options().top, rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const model::ThreadTotals& thread = *rows[i].thread;
    std::string name = printable(thread.name);
    if (thread.tid == 0) name = "(all further threads)";
    if (several) {
      name += fmt::format(" ({} {})", program_name(*rows[i].process), rows[i].process->pid);
    }
    std::vector<Cell> cells = {{human_bytes(thread.allocated_bytes), Tone::strong}};
    errors.add_to(cells, thread.allocated_deviation);
    cells.push_back({human_percent(rows[i].share)});
    cells.push_back({human_count(thread.allocations + thread.reallocations)});
    if (!errors.is_shown()) cells.push_back({human_count(thread.temporary)});
    cells.push_back({human_bytes(thread.freed_bytes)});
    cells.push_back({human_count(thread.failed), thread.failed > 0 ? Tone::bad : Tone::faint});
    cells.push_back({thread.tid == 0 ? "" : std::to_string(thread.tid), Tone::faint});
    cells.push_back({name});
    table.add(std::move(cells));
  }
  table.write(page);
  write_more(page, shown, rows.size(), "threads");
}

void write_modules(Page& page, const ViewContext& context) {
  const std::vector<analysis::ModuleRow> rows = analysis::list_modules(context.selection);
  if (rows.empty()) {
    page.line(context.selection.narrows_stacks()
                  ? "No stack matches --filter and --exclude; leave one out."
                  : "No allocation with a stack was recorded.");
    return;
  }
  page.line(page.paint(Tone::strong, "Libraries") + " by the code that called the allocator");
  page.blank();
  const ErrorColumn peak_errors(rows, [](const auto& row) { return row.peak_deviation; });
  const ErrorColumn live_errors(rows, [](const auto& row) { return row.live_deviation; });
  const ErrorColumn allocated_errors(rows, [](const auto& row) { return row.allocated_deviation; });
  std::vector<Column> columns = {{"at peak"}};
  peak_errors.add_to(columns);
  columns.push_back({"live"});
  live_errors.add_to(columns);
  columns.push_back({"allocated"});
  allocated_errors.add_to(columns);
  const bool sampled = allocated_errors.is_shown();
  for (const char* title : {"", "calls"}) columns.push_back({title});
  if (!sampled) columns.push_back({"temporary"});
  columns.push_back({"library", Align::left});
  Table table(std::move(columns));
  const std::size_t shown = limit(page.options().top, rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const analysis::ModuleRow& row = rows[i];
    std::vector<Cell> cells = {{human_bytes(row.peak_bytes), Tone::strong}};
    peak_errors.add_to(cells, row.peak_deviation);
    cells.push_back({human_bytes(row.live_bytes)});
    live_errors.add_to(cells, row.live_deviation);
    cells.push_back({human_bytes(row.allocated_bytes)});
    allocated_errors.add_to(cells, row.allocated_deviation);
    cells.push_back({human_percent(row.share)});
    cells.push_back({human_count(row.allocations + row.reallocations)});
    if (!sampled) cells.push_back({human_count(row.temporary)});
    cells.push_back({row.path.empty() ? "(no library: code made at run time, or unknown)"
                                      : printable(row.path)});
    table.add(std::move(cells));
  }
  table.write(page);
  write_more(page, shown, rows.size(), "libraries");
}

void write_process_table(Page& page, const analysis::Selection& selection, ProcessOrder order,
                         std::size_t top) {
  std::vector<analysis::ProcessRow> rows = analysis::list_processes(selection);
  if (order == ProcessOrder::largest) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const analysis::ProcessRow& a, const analysis::ProcessRow& b) {
                       return a.process->heap.peak_bytes > b.process->heap.peak_bytes;
                     });
    for (analysis::ProcessRow& row : rows) row.depth = 0;
  }
  const bool wide = page.width() >= kWidthForCalls;
  const ErrorColumn errors(
      rows, [](const analysis::ProcessRow& row) { return row.process->heap.peak_deviation; });
  std::vector<Column> columns = {{"pid"}, {"peak heap"}};
  errors.add_to(columns);
  columns.push_back({"allocated"});
  if (wide) columns.push_back({"calls"});
  for (const char* title : {"not freed", "peak RSS", "lived"}) columns.push_back({title});
  columns.push_back({"program", Align::left});
  columns.push_back({"end", Align::left});
  Table table(std::move(columns));
  const std::size_t shown = limit(top, rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const model::Process& process = *rows[i].process;
    const bool unusual = process.exit_kind == model::ExitKind::signaled ||
                         process.exit_kind == model::ExitKind::lost || process.exit_code != 0;
    std::string end = process.exit_kind == model::ExitKind::exec
                          ? "exec"
                          : end_phrase(selection.session(), process);
    if (!process.losses.nothing_lost()) end += ", inexact";
    std::vector<Cell> cells = {{std::to_string(process.pid), Tone::faint},
                               {human_bytes(process.heap.peak_bytes), Tone::strong}};
    errors.add_to(cells, process.heap.peak_deviation);
    cells.push_back({human_bytes(process.totals.allocated_bytes)});
    if (wide) {
      cells.push_back({human_count(process.totals.allocations + process.totals.reallocations)});
    }
    cells.push_back({human_bytes(process.heap.live_bytes)});
    cells.push_back({process.rss.peak == 0 ? "" : human_bytes(process.rss.peak)});
    cells.push_back({human_duration(process.duration)});
    const std::string tree(2 * std::min(rows[i].depth, kDeepestIndent), ' ');
    cells.push_back({tree + program_name(process)});
    cells.push_back({end, unusual ? Tone::caution : Tone::faint});
    table.add(std::move(cells));
  }
  table.write(page);
  write_more(page, shown, rows.size(), "rows");
}

void write_processes(Page& page, const ViewContext& context) {
  const analysis::Summary summary = analysis::summarize(context.selection, 1);
  page.line(page.paint(Tone::strong, processes_phrase(context.selection, summary)));
  page.line(
      page.paint(Tone::faint, "Parents stand before their children; --pid N shows one alone."));
  page.blank();
  write_process_table(page, context.selection, ProcessOrder::tree, page.options().top);
}

void write_sizes(Page& page, const ViewContext& context) {
  const analysis::SizeReport report = analysis::find_sizes(context.selection);
  if (report.rows.empty()) {
    page.line("Nothing was allocated.");
    return;
  }
  page.line(page.paint(Tone::strong, "Sizes asked for") +
            fmt::format(": {}{} in {}, {} on average", human_bytes(report.bytes),
                        report.deviation == 0 ? "" : " " + error_phrase(report.deviation),
                        counted(report.allocations, "allocation", "allocations"),
                        human_bytes(report.bytes / report.allocations)));
  page.blank();
  double largest = 0;
  for (const analysis::SizeRow& row : report.rows) largest = std::max(largest, row.share);
  constexpr std::size_t kBarColumns = 30;
  const ErrorColumn errors(report.rows, [](const auto& row) { return row.deviation; });
  std::vector<Column> columns = {{"size"}, {"allocations"}, {""}, {"bytes"}};
  errors.add_to(columns);
  columns.push_back({"", Align::left});
  Table table(std::move(columns));
  for (const analysis::SizeRow& row : report.rows) {
    std::vector<Cell> cells = {{size_range(row)},
                               {human_count(row.allocations), Tone::strong},
                               {human_percent(row.share)},
                               {human_bytes(row.bytes)}};
    errors.add_to(cells, row.deviation);
    cells.push_back({bar(row.share / largest, kBarColumns), Tone::heap});
    table.add(std::move(cells));
  }
  table.write(page);
}

}  // namespace memwatch::render
