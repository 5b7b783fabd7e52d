#include "tools/render/html_scope.h"

#include "collector/analysis/deviation.h"
#include "collector/analysis/ranking.h"
#include "collector/analysis/stack_costs.h"
#include "collector/analysis/summary.h"
#include "tools/render/facts.h"
#include "tools/render/html_flame.h"
#include "tools/render/html_lists.h"
#include "tools/render/phrases.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kStacksOfSummary = 3;  // whose debug information is judged

void write_sentences(JsonWriter& json, std::string_view name,
                     const std::vector<std::string>& sentences) {
  json.key(name).begin_array();
  for (const std::string& sentence : sentences) json.string(sentence);
  json.end_array();
}

void write_totals(JsonWriter& json, const analysis::Summary& summary) {
  const analysis::Sums& sums = summary.sums;
  json.key("totals").begin_object();
  json.member("allocations", sums.totals.allocations);
  json.member("reallocations", sums.totals.reallocations);
  json.member("frees", sums.totals.frees);
  json.member("allocated", sums.totals.allocated_bytes);
  json.member("allocatedError", analysis::error_bar(sums.totals.allocated_deviation));
  json.member("freed", sums.totals.freed_bytes);
  json.member("temporary", sums.totals.temporary);
  json.member("failed", sums.totals.failed);
  json.member("large", sums.totals.large);
  json.member("notFreed", summary.leaks.bytes);
  json.member("notFreedBlocks", summary.leaks.blocks);
  json.member("notFreedError", analysis::error_bar(sums.live_deviation));
  json.member("execBytes", summary.leaks.exec_bytes);
  json.member("peakSum", sums.peak_bytes_sum);
  json.member("mapped", sums.mapped_peak_bytes);
  json.member("mappedAtEnd", sums.mapped_live_bytes);
  json.key("duration").real(sums.duration);
  json.end_object();
}

// The sentences and the choice of processes that the text reports make as well.
void write_facts_of(JsonWriter& json, const ScopeContext& context,
                    const analysis::Summary& summary) {
  json.member("pids", summary.pids);
  if (summary.largest != nullptr) json.member("largest", context.processes.at(summary.largest));
  if (summary.root_end != nullptr) {
    json.member("end", end_phrase(context.selection.session(), *summary.root_end));
  }
  json.key("sampled").boolean(summary.sampled);
  json.key("idle").boolean(summary.idle);
  json.key("exact").boolean(summary.sums.losses.nothing_lost() && summary.complete &&
                            !summary.sampled && !summary.idle);
  json.member("exactness", exactness_phrase(summary));
  json.member("notFreedPhrase", not_freed_phrase(summary.leaks.end));
  if (summary.coverage) {
    const model::Process& resident = *summary.resident;
    const std::uint64_t peak = std::max(summary.coverage->rss, resident.rss.peak);
    json.key("rss").begin_object();
    json.member("peak", peak);
    json.member("process", context.processes.at(&resident));
    write_sentences(json, "coverage", coverage_phrases(resident, *summary.coverage, peak));
    json.end_object();
  }
  std::vector<model::StackId> shown;
  for (const analysis::Ranking* ranking : {&summary.leaks.by_bytes, &summary.peak.by_share}) {
    for (const analysis::RankedSite& row : ranking->rows) shown.push_back(row.site.stack);
  }
  write_sentences(json, "remarks", remarks(context.selection, summary, shown));
}

// The sites' costs; leaked is the verdict of the leak check where there is one.
std::vector<analysis::StackShare> shares_of(const analysis::Selection& selection,
                                            const std::vector<model::Site>& sites) {
  const bool is_tree = selection.processes().size() > 1;
  const analysis::RankFilter counted{[&](const model::Process& process) {
                                       return !is_tree ||
                                              process.exit_kind != model::ExitKind::exec;
                                     },
                                     {}};
  auto leaked = analysis::leaked_by_stack(selection, counted);
  std::vector<analysis::StackShare> shares;
  shares.reserve(sites.size());
  for (const model::Site& site : sites) {
    shares.push_back({site.stack, analysis::costs_of(site)});
    shares.back().costs[static_cast<std::size_t>(analysis::Cost::leaked)] = leaked[site.stack];
  }
  return shares;
}

void write_calls(JsonWriter& json, const analysis::Summary& summary) {
  json.key("calls").begin_array();
  for (std::size_t i = 1; i < kFunctionCount; ++i) {
    const model::FunctionTotals& totals = summary.sums.functions[i];
    if (totals.calls == 0) continue;
    json.begin_object();
    json.member("name", function_name(static_cast<Function>(i)));
    json.member("calls", totals.calls);
    json.member("bytes", totals.bytes);
    json.member("failed", totals.failed);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::vector<model::Site> html_sites(const analysis::Selection& selection) {
  std::vector<model::Site> sites = analysis::merged_sites(selection);
  if (selection.processes().size() < 2) return sites;
  const auto replaced = [](const model::Process& process) {
    return process.exit_kind == model::ExitKind::exec;
  };
  std::unordered_map<model::StackId, const model::Site*> gone;
  const std::vector<model::Site> replaced_sites =
      analysis::merged_sites(selection, {.process = replaced, .stack = {}});
  for (const model::Site& site : replaced_sites) gone.emplace(site.stack, &site);
  for (model::Site& site : sites) {
    const auto found = gone.find(site.stack);
    if (found == gone.end()) continue;
    site.live_blocks -= found->second->live_blocks;
    site.live_bytes -= found->second->live_bytes;
  }
  return sites;
}

void write_html_scope(JsonWriter& json, const ScopeContext& context) {
  const analysis::Summary summary = analysis::summarize(context.selection, kStacksOfSummary);
  const std::vector<model::Site> sites = html_sites(context.selection);
  const analysis::StackCosts stacks =
      analysis::sum_stacks(context.selection.session(), shares_of(context.selection, sites));
  json.begin_object();
  json.key("processes").begin_array();
  for (const model::Process* process : context.selection.processes()) {
    json.number(context.processes.at(process));
  }
  json.end_array();
  write_totals(json, summary);
  write_facts_of(json, context, summary);
  json.key("flame").begin_object();
  write_html_flame(json,
                   analysis::make_flame_tree(stacks, context.functions,
                                             {.most_nodes = context.limits.flame_nodes}),
                   analysis::kCostNames, context.names);
  json.end_object();
  write_html_sites(json, context, sites);
  write_html_leaks(json, context, summary.leaks);
  write_html_functions(json, context, stacks);
  write_html_modules(json, context);
  write_html_sizes(json, context);
  write_calls(json, summary);
  json.end_object();
}

}  // namespace memwatch::render
