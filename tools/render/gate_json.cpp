#include "collector/analysis/stack_text.h"
#include "tools/render/gate.h"
#include "tools/render/gate_words.h"
#include "tools/render/json_frame.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {
namespace {

using gate::GateReport;
using gate::MetricResult;
using gate::Outcome;
using gate::Spread;
using gate::Verdict;
using Layout = JsonWriter::Layout;

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::regressed:
      return "regressed";
    case Outcome::target_failed:
      return "target_failed";
    case Outcome::not_measured:
      return "not_measured";
  }
  return "";
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::within:
      return "within";
    case Verdict::worse:
      return "worse";
    case Verdict::better:
      return "better";
  }
  return "";
}

std::string_view update_name(GateReport::Update update) {
  switch (update) {
    case GateReport::Update::none:
      return "none";
    case GateReport::Update::written:
      return "written";
    case GateReport::Update::unchanged:
      return "unchanged";
  }
  return "";
}

void write_spread(JsonWriter& json, const Spread& spread) {
  json.begin_object();
  json.member("value", spread.middle);
  json.member("min", spread.min);
  json.member("max", spread.max);
  json.member("runs", spread.runs);
  json.end_object();
}

void write_frames(JsonWriter& json, const GateReport& report, model::StackId stack) {
  json.key("frames").begin_array();
  for (const analysis::Frame& frame : analysis::frames_of(*report.stacks, stack)) {
    write_json_frame(json, frame);
  }
  json.end_array();
}

void write_metric(JsonWriter& json, const GateReport& report, const MetricResult& result) {
  json.begin_object(Layout::lines);
  json.member("metric", gate::metric_name(result.metric));
  json.key("now");
  write_spread(json, result.now);
  json.key("baseline");
  if (result.before) {
    write_spread(json, *result.before);
    json.key("delta").signed_number(
        static_cast<std::int64_t>(result.now.middle - result.before->middle));
    json.key("tolerance").real(static_cast<double>(result.tolerance.per_million) / 1e6);
    json.member("allowed", result.decision.allowed);
    json.member("verdict", verdict_name(result.decision.verdict));
    json.key("confirmed").boolean(result.decision.confirmed);
  } else {
    json.null();
  }
  if (result.limit) {
    json.member("limit", *result.limit);
    json.key("over_limit").boolean(result.limit_decision->verdict == Verdict::worse);
  }
  json.key("failed").boolean(result.failed());
  const bool is_of_leaks = result.metric == gate::Metric::leaked_bytes;
  if (is_of_leaks) json.member("indirect_bytes", result.held_bytes);
  json.key("rules").begin_array();
  for (const std::string& rule : rule_sentences(result, report)) json.string(rule);
  json.end_array();
  json.key("unlisted").begin_object();
  json.member("old", result.unlisted.before);
  json.member("new", result.unlisted.after);
  json.end_object();
  json.key("stacks").begin_array(Layout::lines);
  for (const gate::GrownStack& grown : result.grown) {
    json.begin_object();
    json.member("old", grown.before);
    json.member("new", grown.after);
    json.key("delta").signed_number(static_cast<std::int64_t>(grown.after - grown.before));
    json.key("old_is_most").boolean(!grown.listed);
    if (is_of_leaks) json.member("indirect_bytes", grown.held_bytes);
    write_frames(json, report, grown.stack);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_stack_limit(JsonWriter& json, const GateReport& report,
                       const gate::StackLimitResult& result) {
  json.begin_object();
  json.member("name", result.limit->name);
  json.member("match", result.limit->match);
  json.member("limit", gate::stack_limit_key(result.figure));
  json.member("most", result.most);
  json.key("now");
  write_spread(json, result.now);
  json.member("stacks", result.stacks);
  json.key("failed").boolean(result.failed());
  json.member("rule", limit_sentence(result));
  if (result.failed()) write_frames(json, report, result.largest);
  json.end_object();
}

}  // namespace

void write_gate_json(const GateReport& report, Output& output) {
  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("schema", "memwatch.gate/1");
  json.member("outcome", outcome_name(report.outcome));
  json.key("failure").string_or_null(report.failure);
  json.member("subject", report.subject);
  json.key("baseline").string_or_null(report.baseline_path);
  json.member("updated", update_name(report.update));
  json.member("runs", report.runs);
  json.member("confirming_runs", report.confirming_runs);
  json.key("leak_method").string_or_null(report.leak_method);
  if (report.outcome == Outcome::target_failed) {
    json.key("target_status").signed_number(report.target_status);
  }
  json.key("metrics").begin_array(Layout::lines);
  for (const MetricResult& result : report.metrics) write_metric(json, report, result);
  json.end_array();
  json.key("stack_limits").begin_array(Layout::lines);
  for (const gate::StackLimitResult& result : report.stack_limits) {
    write_stack_limit(json, report, result);
  }
  json.end_array();
  json.key("environment").begin_array(Layout::lines);
  for (const std::string& difference : report.environment) json.string(difference);
  json.end_array();
  json.end_object();
  output.write("\n");
}

}  // namespace memwatch::render
