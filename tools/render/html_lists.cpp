#include "tools/render/html_lists.h"

#include <map>

#include "collector/analysis/deviation.h"
#include "collector/analysis/functions.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/modules.h"
#include "collector/analysis/sizes.h"
#include "collector/analysis/upkeep.h"
#include "tools/render/html_columns.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

struct LeakRow {
  std::uint64_t kind = 0;  // in "kinds"
  std::uint64_t blocks = 0, bytes = 0;
  model::StackId stack = model::kNone;
};

// The scope's leak records, each kind and stack once. Images that exec replaced count only where
// the scope is that image alone.
std::vector<LeakRow> leak_rows(const analysis::Selection& selection,
                               std::vector<std::string>& kinds) {
  std::vector<LeakRow> rows;
  std::map<std::pair<std::uint64_t, model::StackId>, std::size_t> index;
  for (const model::Process* process : selection.processes()) {
    if (process->exit_kind == model::ExitKind::exec && selection.processes().size() > 1) continue;
    for (const analysis::LeakRecord& record : analysis::leaks_of(*process, selection).records) {
      auto kind = std::find(kinds.begin(), kinds.end(), record.kind);
      if (kind == kinds.end()) kind = kinds.insert(kind, std::string(record.kind));
      const auto number = static_cast<std::uint64_t>(kind - kinds.begin());
      const auto [entry, is_new] = index.try_emplace({number, record.stack}, rows.size());
      if (is_new) rows.push_back({.kind = number, .stack = record.stack});
      rows[entry->second].blocks += record.blocks;
      rows[entry->second].bytes += record.bytes;
    }
  }
  return rows;
}

}  // namespace

void write_html_sites(JsonWriter& json, const ScopeContext& context,
                      const std::vector<model::Site>& sites) {
  using Site = model::Site;
  const auto bar = [](std::uint64_t Site::*deviation) {
    return [deviation](const Site& site) { return analysis::error_bar(site.*deviation); };
  };
  std::vector<Column<Site>> columns = {
      {"allocations", [](const Site& site) { return site.allocations; }},
      {"reallocations", [](const Site& site) { return site.reallocations; }},
      {"allocated", [](const Site& site) { return site.allocated_bytes; }},
      {"liveBlocks", [](const Site& site) { return site.live_blocks; }},
      {"live", [](const Site& site) { return site.live_bytes; }},
      {"peak", [](const Site& site) { return site.peak_bytes; }},
      {"temporary", [](const Site& site) { return site.temporary; }},
      {"stack", [&](const Site& site) { return context.names.stack_id(site.stack); }, false},
      {"ownPeak", [](const Site& site) { return site.own_peak_bytes; }, false},
  };
  const auto is_estimate = [](const Site& site) {
    return site.live_deviation > 0 || site.peak_deviation > 0 || site.allocated_deviation > 0;
  };
  if (std::any_of(sites.begin(), sites.end(), is_estimate)) {
    columns.push_back({"liveError", bar(&Site::live_deviation), false});
    columns.push_back({"peakError", bar(&Site::peak_deviation), false});
    columns.push_back({"allocatedError", bar(&Site::allocated_deviation), false});
  }
  json.key("sites").begin_object();
  write_columns(json, sites, leading_rows(sites, columns, context.limits.rows), columns);
  json.end_object();
}

void write_html_leaks(JsonWriter& json, const ScopeContext& context,
                      const analysis::LeakReport& report) {
  std::vector<std::string> kinds;
  const std::vector<LeakRow> rows = leak_rows(context.selection, kinds);
  const model::Session& session = context.selection.session();
  const std::vector<Column<LeakRow>> columns = {
      {"bytes", [](const LeakRow& row) { return row.bytes; }},
      {"blocks", [](const LeakRow& row) { return row.blocks; }},
      {"kind", [](const LeakRow& row) { return row.kind; }, false},
      {"stack", [&](const LeakRow& row) { return context.names.stack_id(row.stack); }, false},
      {"upkeep", [&](const LeakRow& row) { return analysis::is_upkeep(session, row.stack); },
       false},
  };
  json.key("leaks").begin_object();
  json.member("doubt", report.judged && !report.all_seen ? printable(report.reason) : "");
  json.key("kinds").begin_array();
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    json.begin_object();
    json.member("kind", kinds[kind]);
    std::uint64_t bytes = 0, blocks = 0;
    for (const LeakRow& row : rows) {
      if (row.kind != kind) continue;
      bytes += row.bytes;
      blocks += row.blocks;
    }
    json.member("bytes", bytes);
    json.member("blocks", blocks);
    json.end_object();
  }
  json.end_array();
  write_columns(json, rows, leading_rows(rows, columns, context.limits.rows), columns);
  json.end_object();
}

void write_html_functions(JsonWriter& json, const ScopeContext& context,
                          const analysis::StackCosts& stacks) {
  using Row = analysis::FunctionRow;
  const std::vector<Row> rows = analysis::list_functions(stacks, context.functions);
  std::vector<Column<Row>> columns = {
      {"frame",
       [&](const Row& row) { return context.names.frame_id(row.place.address, row.place.level); },
       false}};
  // What a function cost with its callees cannot be summed over functions, so no rest of these.
  static constexpr std::array<std::string_view, analysis::kCosts> kOwn = {
      "leakedOwn", "peakOwn", "allocatedOwn", "allocationsOwn", "temporaryOwn"};
  for (std::size_t i = 0; i < analysis::kCosts; ++i) {
    columns.push_back({kOwn[i], [i](const Row& row) { return row.own[i]; }});
    columns.push_back(
        {analysis::kCostNames[i], [i](const Row& row) { return row.total[i]; }, false});
  }
  std::vector<Column<Row>> leading = columns;
  for (Column<Row>& column : leading) column.leads = column.name != "frame";
  json.key("functions").begin_object();
  write_columns(json, rows, leading_rows(rows, leading, context.limits.rows), columns);
  json.end_object();
}

void write_html_modules(JsonWriter& json, const ScopeContext& context) {
  json.key("modules").begin_array();
  for (const analysis::ModuleRow& row : analysis::list_modules(context.selection)) {
    json.begin_object();
    json.member("path", context.names.string_id(printable(row.path)));
    json.member("allocations", row.allocations);
    json.member("reallocations", row.reallocations);
    json.member("allocated", row.allocated_bytes);
    json.member("live", row.live_bytes);
    json.member("liveBlocks", row.live_blocks);
    json.member("peak", row.peak_bytes);
    json.member("temporary", row.temporary);
    json.member("allocatedError", analysis::error_bar(row.allocated_deviation));
    json.member("liveError", analysis::error_bar(row.live_deviation));
    json.member("peakError", analysis::error_bar(row.peak_deviation));
    json.end_object();
  }
  json.end_array();
}

void write_html_sizes(JsonWriter& json, const ScopeContext& context) {
  json.key("sizes").begin_array();
  for (const analysis::SizeRow& row : analysis::find_sizes(context.selection).rows) {
    json.begin_object();
    json.member("from", row.from);
    json.member("to", row.to);
    json.member("allocations", row.allocations);
    json.member("bytes", row.bytes);
    json.member("error", analysis::error_bar(row.deviation));
    json.end_object();
  }
  json.end_array();
}

}  // namespace memwatch::render
