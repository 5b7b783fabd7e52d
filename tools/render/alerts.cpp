#include "tools/render/alerts.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/render/alert_channels.h"
#include "tools/render/alert_words.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"

namespace memwatch::render {

namespace {

using alerts::Alert;
using alerts::AlertStatus;
using alerts::Held;
using alerts::Severity;
using alerts::Suppressed;
using Layout = JsonWriter::Layout;

constexpr std::size_t kSuppressedRows = 5;

double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

Tone tone_of(Severity severity) {
  if (severity == Severity::critical) return Tone::bad;
  return severity == Severity::warning ? Tone::caution : Tone::plain;
}

std::string ago(std::int64_t then_ms, std::int64_t now_ms) {
  return human_duration(std::max(0.0, seconds(now_ms - then_ms))) + " ago";
}

void write_one(Page& page, const Alert& alert, std::int64_t now_ms) {
  const std::string head =
      fmt::format("{:>4}  {:<8}", alert.id, alerts::severity_name(alert.severity));
  page.line(page.paint(alert.is_resolved ? Tone::faint : tone_of(alert.severity), head) + "  " +
            page.paint(Tone::strong, std::string(alerts::type_name(alert.type))) +
            (alert.is_test ? " (test)" : "") + ", " +
            page.paint(Tone::faint, ago(alert.time_ms, now_ms)));
  page.sentence(Tone::plain, alert.message, 6);
  if (alert.suppressed > 0) {
    page.sentence(Tone::faint,
                  counted(alert.suppressed, "more of the same since", "more of the same since"), 6);
  }
  if (alert.is_resolved) {
    page.sentence(Tone::faint,
                  fmt::format("over since {}: {}", ago(alert.resolved_ms, now_ms),
                              printable(alert.resolution)),
                  6);
  } else {
    for (const std::string& advice : alert.recommendations) {
      page.sentence(Tone::faint, advice + ".", 8);
    }
  }
}

std::string_view reason(Held why) {
  return why == Held::cooldown ? "cool-down" : "the limit an hour";
}

void write_held_back(Page& page, const AlertStatus& status) {
  if (status.suppressed_in_all == 0) return;
  page.blank();
  page.sentence(Tone::plain, fmt::format("Held back since the daemon's start: {}.",
                                         counted(status.suppressed_in_all, "alert", "alerts")));
  for (std::size_t i = 0; i < std::min(kSuppressedRows, status.suppressed.size()); ++i) {
    const Suppressed& row = status.suppressed[i];
    page.line(fmt::format("  {} {} of {} (pid {}), by {}", human_count(row.count),
                          alerts::type_name(row.type), printable(row.process.name), row.process.pid,
                          reason(row.why)));
  }
}

}  // namespace

void write_alert_json(const Alert& alert, JsonWriter& json) {
  json.begin_object();
  json.member("id", alert.id);
  json.key("time").real(seconds(alert.time_ms));
  json.member("type", alerts::type_name(alert.type));
  json.member("severity", alerts::severity_name(alert.severity));
  json.member("subject", alert.subject);
  json.member("message", alert.message);
  json.key("pid").signed_number(alert.process.pid);
  json.member("process", alert.process.name);
  json.key("metrics").begin_object();
  for (const auto& [name, value] : alert.metrics) json.key(name).real(value);
  json.end_object();
  json.key("labels").begin_object();
  for (const auto& [name, value] : alert.labels) json.member(name, std::string_view(value));
  json.end_object();
  json.key("site");
  if (alert.site.is_known()) {
    json.begin_object();
    json.key("function").string_or_null(alert.site.function);
    json.key("file").string_or_null(alert.site.file);
    json.member("line", std::uint64_t{alert.site.line});
    json.key("module").string_or_null(alert.site.module);
    json.end_object();
  } else {
    json.null();
  }
  json.key("recommendations").begin_array();
  for (const std::string& advice : alert.recommendations) json.string(advice);
  json.end_array();
  json.member("suppressed", alert.suppressed);
  json.key("test").boolean(alert.is_test);
  json.key("resolved").boolean(alert.is_resolved);
  json.key("resolved_at");
  alert.is_resolved ? json.real(seconds(alert.resolved_ms)) : json.null();
  json.key("resolution").string_or_null(alert.resolution);
  json.end_object();
}

void write_alert_status_json(const AlertStatus& status, JsonWriter& json) {
  json.begin_object();
  json.member("active", std::uint64_t{status.active.size()});
  json.member("per_hour", std::uint64_t{status.per_hour});
  json.member("in_last_hour", std::uint64_t{status.in_last_hour});
  json.member("suppressed", status.suppressed_in_all);
  json.key("suppressed_by").begin_array(Layout::lines);
  for (const Suppressed& row : status.suppressed) {
    json.begin_object();
    json.member("type", alerts::type_name(row.type));
    json.key("pid").signed_number(row.process.pid);
    json.member("process", row.process.name);
    json.member("reason", row.why == Held::cooldown ? "cooldown" : "per_hour");
    json.member("count", row.count);
    json.key("last").real(seconds(row.last_ms));
    json.end_object();
  }
  json.end_array();
  json.key("channels");
  write_channels_json(status.channels, json);
  json.end_object();
}

void write_alerts_json(const std::vector<Alert>& alerts, const AlertStatus& status,
                       Output& output) {
  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("schema", "memwatch.alerts/1");
  json.key("alerts").begin_array(Layout::lines);
  for (const Alert& alert : alerts) write_alert_json(alert, json);
  json.end_array();
  json.key("status");
  write_alert_status_json(status, json);
  json.end_object();
  output.write("\n");
}

std::string alerts_text(const std::vector<Alert>& alerts, const AlertStatus& status,
                        std::int64_t now_ms, const RenderOptions& options) {
  Page page(options);
  if (alerts.empty()) page.line("No alerts.");
  for (auto alert = alerts.rbegin(); alert != alerts.rend(); ++alert) {
    write_one(page, *alert, now_ms);
  }
  write_held_back(page, status);
  write_channel_troubles(page, status.channels);
  return std::move(page).take();
}

void write_alert_summary(Page& page, const AlertStatus& status, std::int64_t now_ms) {
  constexpr std::size_t kShown = 3;
  if (status.active.empty() && status.suppressed_in_all == 0) return;
  page.blank();
  std::string title = page.paint(
      Tone::strong, status.active.empty()
                        ? "No alert is active"
                        : counted(status.active.size(), "active alert", "active alerts"));
  if (status.suppressed_in_all > 0) {
    title += fmt::format(", {} held back since the start", human_count(status.suppressed_in_all));
  }
  page.line(title + (status.active.size() > kShown ? "; the latest:" : ""));
  std::size_t shown = 0;
  for (auto at = status.active.rbegin(); at != status.active.rend() && shown < kShown;
       ++at, ++shown) {
    page.sentence(tone_of(at->severity),
                  fmt::format("{} ({}, {}): {}", at->id, alerts::severity_name(at->severity),
                              ago(at->time_ms, now_ms), at->message),
                  2);
  }
}

}  // namespace memwatch::render
