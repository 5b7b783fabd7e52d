#include "collector/analysis/call_site.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/json_frame.h"
#include "tools/render/json_writer.h"
#include "tools/render/oom_sweep.h"

namespace memwatch::render {
namespace {

using analysis::OomSweep;
using analysis::SweepOutcome;
using analysis::SweptRun;
using Layout = JsonWriter::Layout;

void write_run(JsonWriter& json, const OomSweep& sweep, const model::Session& session,
               const SweptRun& run) {
  json.begin_object(Layout::lines);
  json.member("site", analysis::call_site_text(run.site));
  json.member("outcome", analysis::sweep_outcome_name(run.outcome));
  json.key("function").string_or_null(function_name(run.function));
  json.member("requested", run.requested);
  json.member("failures", run.failures);
  json.key("exit_code");
  if (run.outcome == SweepOutcome::hung || (run.signal != 0 && run.crashed_child.empty())) {
    json.null();
  } else {
    json.signed_number(run.exit_code);
  }
  json.key("signal");
  if (run.signal == 0) {
    json.null();
  } else {
    json.signed_number(run.signal);
  }
  json.key("crashed_child").string_or_null(run.crashed_child);
  json.member("lost_blocks", run.lost_blocks);
  json.member("lost_bytes", run.lost_bytes);
  json.key("lost_at").string_or_null(run.lost_at);
  json.key("same_output").boolean(run.same_output);
  json.member("reproduce", reproducing_command(sweep, run));
  json.key("stack").begin_array(Layout::lines);
  analysis::for_each_frame(session, run.stack, [&](const analysis::Frame& frame) {
    write_json_frame(json, frame);
    return true;
  });
  json.end_array();
  json.end_object();
}

}  // namespace

void write_oom_sweep_json(const OomSweep& sweep, const model::Session& session, Output& output) {
  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("schema", "memwatch.oom-sweep/1");
  json.member("memwatch_version", session.memwatch_version);
  json.key("command").begin_array();
  for (const std::string& argument : sweep.command) json.string(argument);
  json.end_array();
  json.key("persist").boolean(sweep.persistent);
  json.key("undisturbed").begin_object();
  json.key("exit_code").signed_number(sweep.exit_code);
  json.key("seconds").real(sweep.seconds);
  json.end_object();
  json.member("sites", sweep.sites);
  json.member("filtered_out", sweep.skipped);
  json.member("not_run", sweep.left_out());
  json.key("interrupted").boolean(sweep.interrupted);
  const analysis::SweepCounts counts = analysis::count_outcomes(sweep);
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < analysis::kSweepOutcomes; ++i) {
    const auto outcome = static_cast<SweepOutcome>(i);
    json.member(analysis::sweep_outcome_name(outcome), counts[outcome]);
  }
  json.end_object();
  json.key("runs").begin_array(Layout::lines);
  for (const SweptRun& run : sweep.runs) write_run(json, sweep, session, run);
  json.end_array();
  json.end_object();
  output.write("\n");
}

}  // namespace memwatch::render
