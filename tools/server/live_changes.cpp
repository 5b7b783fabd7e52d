#include "tools/server/live_changes.h"

#include "tools/render/alerts.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"
#include "tools/render/status.h"

namespace memwatch::server {

namespace {

using daemon::ProcessStatus;
using daemon::Source;

LiveNews process_news(const ProcessStatus& process) {
  render::StringOutput output;
  render::JsonWriter json(output);
  render::write_process_json(process, json);
  return {"process", output.text()};
}

LiveNews forgotten(pid_t pid) {
  return {"process", "{\"pid\": " + std::to_string(pid) + ", \"state\": \"forgotten\"}"};
}

LiveNews sample_news(const ProcessStatus& process, double now) {
  render::StringOutput output;
  render::JsonWriter json(output);
  json.begin_object();
  json.key("pid").signed_number(process.pid);
  json.key("time").real(now);
  json.member("rss", process.rss);
  const bool has_heap = process.source == Source::elsewhere ||
                        (process.source == Source::recorded && process.mode != model::Mode::idle);
  json.key("live_bytes");
  has_heap ? json.number(process.live_bytes) : json.null();
  json.key("external");
  has_heap ? json.number(process.rss > process.live_bytes ? process.rss - process.live_bytes : 0)
           : json.null();
  json.member("allocations", process.totals.allocations);
  json.member("allocated_bytes", process.totals.allocated_bytes);
  json.member("failed", process.totals.failed);
  json.member("large", process.totals.large);
  json.member("dropped", process.dropped);
  json.end_object();
  return {"sample", output.text()};
}

}  // namespace

bool has_changed(std::uint64_t before, std::uint64_t now) {
  const std::uint64_t difference = before > now ? before - now : now - before;
  return difference > before / 100;
}

BreakdownParts parts_of(const analysis::Breakdown& b) {
  return {b.heap,     b.allocator_overhead, b.allocator_free, b.mapped,
          b.stacks,   b.libraries,          b.files,          b.shared,
          b.memwatch, b.untracked};
}

bool has_changed(const BreakdownParts& before, const BreakdownParts& now, std::uint64_t rss) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::uint64_t difference = before[i] > now[i] ? before[i] - now[i] : now[i] - before[i];
    if (difference > rss / 100) return true;
  }
  return false;
}

LiveNews alert_news(std::string_view event, const alerts::Alert& alert) {
  render::StringOutput output;
  render::JsonWriter json(output);
  json.begin_object();
  json.member("event", event);
  json.key("alert");
  render::write_alert_json(alert, json);
  json.end_object();
  return {"alert", output.text()};
}

LiveChanges::Told LiveChanges::facts_of(const ProcessStatus& process) {
  Told told;
  told.identity = {process.name, process.exe, process.source, process.mode, process.is_running};
  told.figures.rss = process.rss;
  told.figures.live_bytes = process.live_bytes;
  told.figures.allocated_bytes = process.totals.allocated_bytes;
  told.figures.allocations = process.totals.allocations;
  told.figures.failed = process.totals.failed;
  told.figures.large = process.totals.large;
  told.figures.dropped = process.dropped;
  return told;
}

bool LiveChanges::is_news(const Figures& before, const Figures& now) {
  return has_changed(before.rss, now.rss) || has_changed(before.live_bytes, now.live_bytes) ||
         has_changed(before.allocated_bytes, now.allocated_bytes) ||
         has_changed(before.allocations, now.allocations) || before.failed != now.failed ||
         before.large != now.large || before.dropped != now.dropped;
}

std::vector<LiveNews> LiveChanges::everything(const daemon::Status& status) {
  LiveChanges nothing;
  std::vector<LiveNews> news = nothing.update(status);
  for (const alerts::Alert& alert : status.alerts.active) {
    news.push_back(alert_news("active", alert));
  }
  return news;
}

std::vector<LiveNews> LiveChanges::update(const daemon::Status& status) {
  std::vector<LiveNews> news;
  std::map<Key, Told> now;
  for (const ProcessStatus& process : status.processes) {
    const Key key(process.pid, process.start_ticks);
    const auto [at, is_first] = now.emplace(key, facts_of(process));
    if (!is_first) continue;  // an image that exec replaced: the one that runs comes first
    const auto before = told_.find(key);
    if (before == told_.end() || before->second.identity != at->second.identity) {
      news.push_back(process_news(process));
    }
    if (before == told_.end() || is_news(before->second.figures, at->second.figures)) {
      news.push_back(sample_news(process, status.now));
    } else {
      at->second.figures = before->second.figures;  // changes are counted from what was told
    }
  }
  for (const auto& [key, told] : told_) {
    if (!now.contains(key)) news.push_back(forgotten(key.first));
  }
  told_ = std::move(now);
  return news;
}

}  // namespace memwatch::server
