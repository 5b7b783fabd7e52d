#include "collector/analysis/stack_text.h"
#include "tools/render/diff.h"
#include "tools/render/json_frame.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {
namespace {

using Layout = JsonWriter::Layout;

void write_side(JsonWriter& json, std::string_view name, const analysis::DiffSide& side,
                const std::string& path) {
  json.key(name).begin_object();
  json.member("session", path);
  json.key("command").begin_array();
  for (const std::string& argument : side.session->command) json.string(argument);
  json.end_array();
  json.member("processes", side.processes);
  json.key("complete").boolean(side.session->complete);
  json.key("exact").boolean(side.lossless && !side.sampled && !side.counted_only);
  json.member("by_stack", side.by_stack);
  if (side.deviation > 0) json.member("sd", side.deviation);
  json.end_object();
}

void write_sum(JsonWriter& json, std::string_view name, const analysis::DeltaSum& sum) {
  json.key(name).begin_object();
  json.member("stacks", sum.stacks);
  json.member("amount", sum.amount);
  json.end_object();
}

void write_row(JsonWriter& json, const analysis::StackDelta& row) {
  json.begin_object();
  json.member("old", row.before);
  json.member("new", row.after);
  json.key("delta").signed_number(row.delta());
  json.key("frames").begin_array();
  for (const analysis::Frame& frame : analysis::frames_of(*row.session, row.stack)) {
    write_json_frame(json, frame);
  }
  json.end_array();
  json.end_object();
}

}  // namespace

void write_diff_json(const DiffContext& context, const RenderOptions& options, Output& output) {
  const analysis::Diff& diff = context.diff;
  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("schema", "memwatch.diff/1");
  json.member("metric", analysis::diff_metric_name(diff.metric));
  json.member("old", diff.before.total);
  json.member("new", diff.after.total);
  json.key("delta").signed_number(diff.delta());
  write_side(json, "old_side", diff.before, context.before_path);
  write_side(json, "new_side", diff.after, context.after_path);
  json.key("doubts").begin_array(Layout::lines);
  for (const std::string& doubt : diff_doubts(context)) json.string(doubt);
  json.end_array();
  write_sum(json, "grown", diff.grown);
  write_sum(json, "shrunk", diff.shrunk);
  write_sum(json, "added", diff.added);
  write_sum(json, "gone", diff.gone);
  write_sum(json, "unchanged", diff.unchanged);
  json.key("stacks").begin_array(Layout::lines);
  std::size_t left = options.top == 0 ? diff.rows.size() : options.top;
  for (const analysis::StackDelta& row : diff.rows) {
    if (left-- == 0) break;
    write_row(json, row);
  }
  json.end_array();
  json.end_object();
  output.write("\n");
}

}  // namespace memwatch::render
