#include "tools/render/growth_json.h"

#include <string>

#include "collector/analysis/leaks.h"
#include "collector/analysis/process_growth.h"
#include "collector/analysis/selection.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/json_frame.h"
#include "tools/render/json_session.h"
#include "tools/render/json_totals.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

namespace {

using Layout = JsonWriter::Layout;

constexpr std::size_t kMostRecords = 100;

void write_frames(JsonWriter& json, const model::Session& session, model::StackId stack) {
  json.key("stack").begin_array();
  for (const analysis::Frame& frame : analysis::frames_of(session, stack)) {
    write_json_frame(json, frame);
  }
  json.end_array();
}

void write_verdict(JsonWriter& json, const analysis::GrowthVerdict& verdict) {
  json.begin_object();
  json.key("growing").boolean(verdict.growing);
  json.member("confidence", verdict.confidence);
  json.key("bytes_per_second").real(verdict.bytes_per_second);
  json.key("bytes").real(verdict.bytes);
  json.end_object();
}

void write_recorded(JsonWriter& json, const model::Session& session) {
  const analysis::ProcessGrowth growth =
      analysis::find_growth(session.processes.front(), analysis::Sensitivity::medium);
  json.key("growth");
  write_growth(json, growth, session.processes.front(), session);
  json.key("sites").begin_array(Layout::lines);
  std::size_t written = 0;
  for (const analysis::SiteGrowth& site : growth.sites) {
    if (written++ >= kMostRecords) break;
    json.begin_object();
    json.member("confidence", site.verdict.confidence);
    json.key("bytes_per_second").real(site.verdict.bytes_per_second);
    json.key("accumulates").boolean(site.verdict.accumulates);
    write_frames(json, session, site.stack);
    json.end_object();
  }
  json.end_array();
}

void write_recent(JsonWriter& json, const RecentGrowth& recent) {
  json.key("recent").begin_object();
  json.key("seconds").real(recent.seconds);
  json.member("samples", recent.samples);
  json.key("live");
  if (recent.live) {
    write_verdict(json, *recent.live);
  } else {
    json.null();
  }
  json.key("rss");
  write_verdict(json, recent.rss);
  json.end_object();
}

void write_leaks(JsonWriter& json, const model::Session& session, bool with_unclassified) {
  const model::Process& process = session.processes.front();
  const analysis::Selection selection(session);
  const analysis::ProcessLeaks leaks = analysis::leaks_of(process, selection);
  json.key("leaks").begin_object(Layout::lines);
  json.member("method", leaks.method);
  json.key("complete").boolean(leaks.complete);
  json.key("all_seen").boolean(leaks.all_seen);
  json.member("reason", leaks.reason);
  json.key("pause_ms").real(leaks.pause_ms);
  write_watched(json, leaks);
  write_leak_sums(json, leaks.sums);
  json.key("records").begin_array(Layout::lines);
  std::size_t written = 0;
  for (const analysis::LeakRecord& record : leaks.records) {
    // Of what is reachable, or judged by nothing but its life, the heap is full.
    if (record.kind == "reachable") continue;
    if (record.kind == "unclassified" && !with_unclassified) continue;
    if (written++ >= kMostRecords) break;
    json.begin_object();
    json.member("kind", record.kind);
    json.member("blocks", record.blocks);
    json.member("bytes", record.bytes);
    write_frames(json, session, record.stack);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_answer(const GrowthAnswer& answer, bool with_leaks, Output& output) {
  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("schema", with_leaks ? "memwatch.analysis/1" : "memwatch.growth/1");
  json.key("pid").signed_number(answer.pid);
  json.member("process", answer.process);
  if (answer.session != nullptr) {
    write_recorded(json, *answer.session);
  } else {
    json.key("growth").null();
    json.key("sites").begin_array();
    json.end_array();
  }
  if (answer.recent) write_recent(json, *answer.recent);
  if (with_leaks) {
    write_leaks(json, answer.judged != nullptr ? *answer.judged : *answer.session,
                answer.has_ended);
  }
  json.end_object();
}

}  // namespace

void write_growth_json(const GrowthAnswer& answer, Output& output) {
  write_answer(answer, false, output);
}

void write_analysis_json(const GrowthAnswer& answer, Output& output) {
  write_answer(answer, true, output);
}

}  // namespace memwatch::render
