#include "collector/analysis/leaks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "collector/analysis/upkeep.h"

namespace memwatch::analysis {

namespace {

constexpr std::array<std::string_view, 5> kKindNames = {"unclassified", "definite", "indirect",
                                                        "possible", "reachable"};

bool is_exact(const model::Process& process) {
  return process.mode == model::Mode::exact && process.losses.exact &&
         process.exit_kind != model::ExitKind::lost;
}

// An indirect leak counts where it can be mended: at the stack of the definite block that owns it.
model::StackId counted_at(const model::LeakRow& row) {
  return row.kind == model::LeakKind::indirect ? row.owner : row.stack;
}

bool is_lost(const model::LeakRow& row) {
  return row.kind == model::LeakKind::definite || row.kind == model::LeakKind::indirect;
}

// Rows of one kind summed by stack, definite ones with what they hold; largest first.
Ranking by_stack(const Selection& selection, model::LeakKind kind, std::size_t top) {
  std::map<model::StackId, RankedSite> sums;
  Ranking ranking;
  for (const model::Process* process : selection.processes()) {
    if (process->exit_kind == model::ExitKind::exec) continue;
    for (const model::LeakRow& row : process->leaks) {
      const bool is_held =
          kind == model::LeakKind::definite && row.kind == model::LeakKind::indirect;
      if ((row.kind != kind && !is_held) || row.suppression != 0) continue;
      ranking.total += row.bytes;
      const model::StackId stack = counted_at(row);
      if (!selection.includes(stack)) continue;
      ranking.selected += row.bytes;
      RankedSite& sum = sums[stack];
      sum.site.stack = stack;
      sum.cost += row.bytes;
      (is_held ? sum.held_blocks : sum.site.live_blocks) += row.blocks;
      (is_held ? sum.held_bytes : sum.site.live_bytes) += row.bytes;
    }
  }
  for (auto& [stack, sum] : sums) {
    if (ranking.total > 0) {
      sum.share = static_cast<double>(sum.cost) / static_cast<double>(ranking.total);
    }
    ranking.rows.push_back(sum);
  }
  std::stable_sort(ranking.rows.begin(), ranking.rows.end(),
                   [](const RankedSite& a, const RankedSite& b) { return a.cost > b.cost; });
  ranking.stacks = ranking.rows.size();
  if (top != 0 && ranking.rows.size() > top) ranking.rows.resize(top);
  for (const RankedSite& row : ranking.rows) ranking.shown += row.cost;
  return ranking;
}

// Blocks of before a watch are not known, and count as leading to what was judged.
bool saw_all(const model::LeakCheck& check) {
  return check.reason.empty();
}

void judge_report(const Selection& selection, std::size_t top, LeakReport& report) {
  report.all_judged = true;
  for (const model::Process* process : selection.processes()) {
    if (process->exit_kind == model::ExitKind::exec) continue;
    if (report.reason.empty()) report.reason = process->leak_check.reason;
    report.watched_seconds = static_cast<double>(process->leak_check.watched_ms) / 1000;
    if (process->leak_check.method == model::LeakMethod::reachability) {
      report.judged = true;
      report.all_seen = report.all_seen && saw_all(process->leak_check);
      report.sums.add(kind_sums(*process));
      continue;
    }
    report.all_judged = false;
    report.unjudged_bytes += process->heap.live_bytes;
    report.unjudged_blocks += process->heap.live_blocks;
  }
  report.all_judged = report.all_judged && report.judged;
  if (!report.judged) return;
  report.definite = by_stack(selection, model::LeakKind::definite, top);
  report.possible = by_stack(selection, model::LeakKind::possible, top);
}

}  // namespace

std::string_view leak_kind_name(model::LeakKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

void KindSums::add(const model::LeakRow& row) {
  KindSum& sum = row.suppression != 0 ? suppressed : of[static_cast<std::size_t>(row.kind)];
  sum.blocks += row.blocks;
  sum.bytes += row.bytes;
}

void KindSums::add(const KindSums& other) {
  for (std::size_t i = 0; i < of.size(); ++i) {
    of[i].blocks += other.of[i].blocks;
    of[i].bytes += other.of[i].bytes;
  }
  suppressed.blocks += other.suppressed.blocks;
  suppressed.bytes += other.suppressed.bytes;
}

KindSums kind_sums(const model::Process& process) {
  KindSums sums;
  for (const model::LeakRow& row : process.leaks) sums.add(row);
  return sums;
}

bool has_leaks(const model::Process& process) {
  const KindSums sums = kind_sums(process);
  return process.exit_kind != model::ExitKind::exec &&
         (sums[model::LeakKind::definite].blocks > 0 || sums[model::LeakKind::possible].blocks > 0);
}

namespace {

std::string reason_of(const model::LeakCheck& check) {
  if (check.watched_ms == 0) return check.reason;
  const double seconds = static_cast<double>(check.watched_ms) / 1000;
  const std::string text =
      seconds < 10 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.0f} s", seconds);
  return fmt::format(
      "only blocks allocated in the last {} were judged, those from before are not known{}{}", text,
      check.reason.empty() ? "" : "; ", check.reason);
}

}  // namespace

std::string why_leaks_doubtful(const model::Session& session) {
  for (const model::Process& process : session.processes) {
    const model::LeakCheck& check = process.leak_check;
    const bool stands = check.complete || check.method != model::LeakMethod::reachability ||
                        process.heap.live_blocks == 0 || process.exit_kind == model::ExitKind::exec;
    if (stands) continue;
    return fmt::format("the leaks of process {} ({}) were not judged with everything seen: {}",
                       process.pid, process.exe, reason_of(check));
  }
  return "";
}

std::vector<KindSum> suppressed_by(const model::Session& session, const model::Process& process) {
  std::vector<KindSum> sums(session.suppressions.size());
  for (const model::LeakRow& row : process.leaks) {
    if (row.suppression == 0 || row.suppression > sums.size()) continue;
    sums[row.suppression - 1].blocks += row.blocks;
    sums[row.suppression - 1].bytes += row.bytes;
  }
  return sums;
}

std::vector<KindSum> suppressed_by(const model::Session& session, const Selection& selection) {
  std::vector<KindSum> all(session.suppressions.size());
  for (const model::Process* process : selection.processes()) {
    if (process->exit_kind == model::ExitKind::exec) continue;
    const std::vector<KindSum> sums = suppressed_by(session, *process);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      all[i].blocks += sums[i].blocks;
      all[i].bytes += sums[i].bytes;
    }
  }
  return all;
}

ProcessLeaks leaks_of(const model::Process& process, const Selection& selection) {
  ProcessLeaks leaks;
  const model::LeakCheck& check = process.leak_check;
  leaks.reason = reason_of(check);
  leaks.long_pause_reason = check.long_pause_reason;
  leaks.pause_ms = static_cast<double>(check.pause_us) / 1000;
  leaks.watched_seconds = static_cast<double>(check.watched_ms) / 1000;
  leaks.sums = kind_sums(process);
  const auto worst_first = [](const LeakRecord& a, const LeakRecord& b) {
    const auto rank = [](const LeakRecord& record) {
      return std::find(kKindNames.begin(), kKindNames.end(), record.kind) - kKindNames.begin();
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.stack < b.stack;
  };
  leaks.complete = is_exact(process);
  if (check.method == model::LeakMethod::reachability) {
    leaks.method = "reachability";
    leaks.complete = check.complete && process.losses.exact;
    leaks.all_seen = saw_all(check);
  }
  // Rows of a check by lifetime are there only for what was suppressed.
  std::map<model::StackId, const model::LeakRow*> suppressed;
  std::map<model::StackId, std::uint64_t> retained;
  for (const model::LeakRow& row : process.leaks) {
    if (row.suppression == 0) retained[counted_at(row)] += is_lost(row) ? row.bytes : 0;
  }
  for (const model::LeakRow& row : process.leaks) {
    if (row.suppression != 0 && row.kind == model::LeakKind::unclassified) {
      suppressed[row.stack] = &row;
    }
    if (row.suppression != 0 || !selection.includes(row.stack)) continue;
    const bool is_definite = row.kind == model::LeakKind::definite;
    leaks.records.push_back(LeakRecord{leak_kind_name(row.kind), row.blocks, row.bytes, row.stack,
                                       row.owner, is_definite ? retained[row.stack] : 0});
  }
  if (check.method != model::LeakMethod::reachability) {
    for (const model::Site& site : process.sites) {
      if (site.live_blocks == 0 || !selection.includes(site.stack)) continue;
      if (suppressed.count(site.stack) != 0) continue;
      leaks.records.push_back(LeakRecord{leak_kind_name(model::LeakKind::unclassified),
                                         site.live_blocks, site.live_bytes, site.stack,
                                         model::kNone, 0});
    }
  }
  std::stable_sort(leaks.records.begin(), leaks.records.end(), worst_first);
  return leaks;
}

EndOfRecording end_of_recording(const Selection& selection) {
  bool exited = false, signaled = false, running = false;
  for (const model::Process* process : selection.processes()) {
    switch (process->exit_kind) {
      case model::ExitKind::exec:
        break;
      case model::ExitKind::exited:
        exited = true;
        break;
      case model::ExitKind::signaled:
        signaled = true;
        break;
      case model::ExitKind::running:
      case model::ExitKind::lost:
        running = true;
        break;
    }
  }
  if (exited && !signaled && !running) return EndOfRecording::exited;
  if (signaled && !exited && !running) return EndOfRecording::signaled;
  if (running && !exited && !signaled) return EndOfRecording::running;
  return EndOfRecording::mixed;
}

LeakReport find_leaks(const Selection& selection, std::size_t top) {
  LeakReport report;
  const auto stays = [](const model::Process& process) {
    return process.exit_kind != model::ExitKind::exec;
  };
  const auto upkeep = [&](model::StackId stack) { return is_upkeep(selection.session(), stack); };
  report.by_bytes = rank_sites(selection, Cost::live, top,
                               {stays, [&](model::StackId stack) { return !upkeep(stack); }});
  report.upkeep = rank_sites(selection, Cost::live, top, {stays, upkeep});
  for (const model::Process* process : selection.processes()) {
    if (!stays(*process)) {
      report.exec_bytes += process->heap.live_bytes;
      continue;
    }
    report.bytes += process->heap.live_bytes;
    report.blocks += process->heap.live_blocks;
    if (process->heap.live_blocks > 0) report.holders.push_back(process);
  }
  std::stable_sort(report.holders.begin(), report.holders.end(),
                   [](const model::Process* a, const model::Process* b) {
                     return a->heap.live_bytes > b->heap.live_bytes;
                   });
  report.end = end_of_recording(selection);
  judge_report(selection, top, report);
  return report;
}

}  // namespace memwatch::analysis
