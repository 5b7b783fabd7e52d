#include "tools/render/json_report.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <set>

#include "tools/render/json_frame.h"
#include "tools/render/json_session.h"
#include "tools/render/json_tables.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {
namespace {

using Layout = JsonWriter::Layout;

void write_stacks(JsonWriter& json, const model::Session& session, const StackIds& stacks,
                  FrameIds& frames) {
  json.key("stacks").begin_array(Layout::lines);
  std::uint64_t id = 0;
  std::vector<model::CodeAddressId> addresses;
  std::string array;
  for (const model::StackId stack : stacks.used()) {
    json.begin_object();
    json.member("id", id++);
    const bool complete = analysis::addresses_of_stack(session, stack, addresses);
    array.assign(1, '[');
    for (const model::CodeAddressId address : addresses) {
      if (array.size() > 1) array += ", ";
      array += frames.ids_at(address);
    }
    array += ']';
    json.key("frames").raw(array);
    if (!complete) json.key("truncated").boolean(true);
    json.end_object();
  }
  json.end_array();
}

void write_frames(JsonWriter& json, const FrameIds& frames) {
  json.key("frames").begin_array(Layout::lines);
  for (const analysis::Frame& frame : frames.used()) write_json_frame(json, frame);
  json.end_array();
}

void write_modules(JsonWriter& json, const model::Session& session, const FrameIds& frames) {
  std::set<model::ModuleId> used;
  for (const analysis::Frame& frame : frames.used()) {
    used.insert(session.code_addresses[frame.address].module);
  }
  json.key("modules").begin_array(Layout::lines);
  for (const model::ModuleId id : used) {
    if (id == model::kNone || id >= session.modules.size()) continue;
    json.begin_object();
    json.member("path", session.modules[id].path);
    json.key("build_id").string_or_null(session.modules[id].build_id);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string rfc3339(double epoch_seconds) {
  // The years 1970 to 9999; anything else is no date a recording can have.
  if (!(epoch_seconds >= 0) || epoch_seconds > 253402300799.0) epoch_seconds = 0;
  const auto milliseconds = static_cast<std::int64_t>(std::floor(epoch_seconds * 1000));
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     milliseconds % 1000);
}

void write_json_report(const analysis::Selection& selection, const JsonOptions& options,
                       Output& output) {
  const model::Session& session = selection.session();
  JsonWriter json(output);
  StackIds stacks(session);
  FrameIds frames(session);
  json.begin_object(Layout::lines);
  json.member("schema", "memwatch.report/1");
  json.member("memwatch_version", session.memwatch_version);
  json.key("complete").boolean(session.complete);
  json.member("host", session.host);
  json.member("started_at", rfc3339(session.started_at));
  json.key("command").begin_array();
  for (const std::string& argument : session.command) json.string(argument);
  json.end_array();
  json.member("large_threshold", session.large_threshold);
  json.key("processes").begin_array(Layout::lines);
  for (const model::Process* process : selection.processes()) {
    write_json_process(json, *process, selection, options, stacks);
  }
  json.end_array();
  write_stacks(json, session, stacks, frames);
  write_frames(json, frames);
  write_modules(json, session, frames);
  json.end_object();
  output.write("\n");
}

}  // namespace memwatch::render
