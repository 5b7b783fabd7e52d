#include "collector/analysis/failures.h"
#include "tools/render/alerts.h"
#include "tools/render/json_report.h"
#include "tools/render/json_totals.h"
#include "tools/render/json_words.h"
#include "tools/render/status.h"

namespace memwatch::render {

namespace {

using daemon::ProcessStatus;
using daemon::Source;
using Layout = JsonWriter::Layout;

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
}

// What only the collector of a process knows.
void write_recorded(JsonWriter& json, const ProcessStatus& process) {
  json.key("totals").begin_object();
  write_calls(json, process.totals);
  json.end_object();
  json.key("heap").begin_object();
  if (process.mode == model::Mode::idle) {
    json.key("live_bytes").null();
    json.key("live_blocks").null();
    json.key("peak_bytes").null();
  } else {
    json.member("live_bytes", process.live_bytes);
    json.member("live_blocks", process.live_blocks);
    json.member("peak_bytes", process.peak_bytes);
    if (process.mode == model::Mode::sample) json.member("live_bytes_sd", process.live_deviation);
  }
  json.end_object();
  json.key("mapped").begin_object();
  json.member("live_bytes", process.mapped_bytes);
  json.end_object();
  json.key("losses").begin_object();
  json.member("dropped", process.dropped);
  json.key("joined").boolean(process.was_joined);
  json.end_object();
}

void write_recording(JsonWriter& json, const daemon::Recording& recording) {
  json.key("recording").begin_object();
  json.member("file", recording.file);
  json.member("pid", recording.pid);
  json.key("started_at").real(recording.started_at);
  json.key("complete").boolean(recording.is_complete);
  json.key("peak_at").real(recording.peak_at);
  json.member("leak_method", recording.leak_method);
  json.key("leaks_all_seen").boolean(recording.leaks_all_seen);
  json.member("leaked_bytes", recording.leaked_bytes);
  write_names(json, "notes", recording.notes);
  json.member("times_read", recording.times_read);
  json.end_object();
}

void write_event(JsonWriter& json, const daemon::Event& event, double now) {
  const bool is_failure = event.kind == daemon::Event::Kind::failure;
  json.begin_object();
  json.member("id", event.id);
  json.member("kind", is_failure ? "failure" : "large");
  json.key("time").real(now - event.age);
  json.key("age").real(event.age);
  json.key("pid").signed_number(event.pid);
  json.member("process", event.name);
  json.member("tid", event.tid);
  json.member("function", function_name(event.function));
  json.member("size", event.size);
  if (is_failure) {
    json.key("errno").signed_number(event.error_number);
    json.member("errno_name", analysis::errno_name(event.error_number));
  }
  json.end_object();
}

void write_sums(JsonWriter& json, const daemon::Status& status) {
  std::uint64_t running = 0, rss = 0, live = 0, allocations = 0, large = 0, failed = 0;
  for (const ProcessStatus& process : status.processes) {
    if (process.is_running) {
      ++running;
      rss += process.rss;
      live += process.live_bytes;
    }
    allocations += process.totals.allocations;
    large += process.totals.large;
    failed += process.totals.failed;
  }
  json.key("totals").begin_object();
  json.member("running", running);
  json.member("ended", status.processes.size() - running);
  json.member("rss", rss);
  json.member("live_bytes", live);
  json.member("allocations", allocations);
  json.member("large", large);
  json.member("failed", failed);
  json.member("events", status.events_seen);
  json.member("not_recorded", static_cast<std::uint64_t>(status.not_recorded));
  json.end_object();
}

}  // namespace

std::string_view source_name(Source source) {
  switch (source) {
    case Source::recorded:
      return "recorded";
    case Source::elsewhere:
      return "elsewhere";
    case Source::polled:
      return "polled";
  }
  return "polled";
}

void write_process_json(const ProcessStatus& process, JsonWriter& json) {
  json.begin_object();
  json.key("pid").signed_number(process.pid);
  if (process.start_ticks != 0) json.member("start_ticks", process.start_ticks);
  json.member("name", process.name);
  json.member("exe", process.exe);
  write_names(json, "command", process.command);
  json.member("source", source_name(process.source));
  json.member("state", process.is_running ? "running" : "ended");
  json.key("watched_for").real(process.watched_for);
  if (!process.is_running) {
    json.key("ended_ago").real(process.ended_ago);
    json.key("exit").begin_object();
    json.member("kind", exit_kind_name(process.exit_kind));
    json.key("code").signed_number(process.exit_code);
    json.key("signal").signed_number(process.exit_signal);
    json.end_object();
  }
  json.key("rss").begin_object();
  json.member("last", process.rss);
  json.member("peak", process.rss_peak);
  json.end_object();
  if (process.source != Source::polled) json.member("mode", mode_name(process.mode));
  if (process.source == Source::elsewhere) {
    json.key("collector").signed_number(process.collector);
    json.key("heap").begin_object();
    json.member("live_bytes", process.live_bytes);
    json.end_object();
  }
  if (process.source == Source::recorded) {
    json.member("sample_interval", process.sample_interval);
    write_recorded(json, process);
  }
  if (process.recording) write_recording(json, *process.recording);
  json.end_object();
}

void write_status_json(const daemon::Status& status, Output& output) {
  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("schema", "memwatch.status/1");
  json.member("memwatch_version", status.version);
  json.key("pid").signed_number(status.pid);
  json.member("time", rfc3339(status.now));
  json.key("uptime").real(status.uptime);
  json.key("config");
  status.has_config ? json.string(status.config_path) : json.null();
  json.key("listen").string_or_null(status.address);
  if (status.certificate) {
    json.key("certificate").begin_object();
    json.member("file", status.certificate->file);
    json.key("valid_until").signed_number(status.certificate->valid_until);
    json.key("trouble").string_or_null(status.certificate->trouble);
    json.end_object();
  }
  json.key("watch").begin_object();
  write_names(json, "configured", status.configured_names);
  write_names(json, "added", status.added_names);
  json.end_object();
  write_sums(json, status);
  if (status.recordings) {
    json.key("recordings").begin_object();
    json.member("sessions", status.recordings->sessions);
    write_names(json, "remarks", status.recordings->remarks);
    json.end_object();
  }
  json.key("alerts");
  write_alert_status_json(status.alerts, json);
  json.key("processes").begin_array(Layout::lines);
  for (const ProcessStatus& process : status.processes) write_process_json(process, json);
  json.end_array();
  json.key("events").begin_array(Layout::lines);
  for (const daemon::Event& event : status.events) write_event(json, event, status.now);
  json.end_array();
  json.end_object();
  output.write("\n");
}

}  // namespace memwatch::render
