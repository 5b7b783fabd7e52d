#include "tools/render/consumers_json.h"

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/json_frame.h"
#include "tools/render/json_words.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

namespace {

using analysis::Consumer;

void write_stack(JsonWriter& json, const model::Session& session, const Consumer& consumer) {
  const std::vector<analysis::Frame> frames = analysis::frames_of(session, consumer.stack);
  // Not what containers and libraries did in between.
  const analysis::Frame telling =
      frames.empty() ? analysis::Frame{} : frames[analysis::telling_frame(frames)];
  json.key("module").string_or_null(telling.module);
  json.key("function").string_or_null(telling.function);
  json.key("file").string_or_null(telling.file);
  json.member("line", telling.line);
  json.key("stack").begin_array();
  for (const analysis::Frame& frame : frames) write_json_frame(json, frame);
  json.end_array();
}

}  // namespace

void write_consumers_json(const model::Session& session, const model::Process& process,
                          std::string_view by, const std::vector<Consumer>& consumers,
                          Output& output) {
  const bool is_sample = process.mode == model::Mode::sample;
  JsonWriter json(output);
  json.begin_object(JsonWriter::Layout::lines);
  json.member("schema", "memwatch.consumers/1");
  json.member("pid", process.pid);
  json.member("process", analysis::base_name(process.exe));
  json.member("mode", mode_name(process.mode));
  json.member("by", by);
  json.key("totals").begin_object();
  json.member("calls", process.totals.allocations + process.totals.reallocations);
  json.member("allocated", process.totals.allocated_bytes);
  json.member("peak", process.heap.peak_bytes);
  json.member("active", process.heap.live_blocks);
  json.member("live_bytes", process.heap.live_bytes);
  json.end_object();
  json.key("consumers").begin_array(JsonWriter::Layout::lines);
  for (const Consumer& consumer : consumers) {
    json.begin_object();
    json.member("calls", consumer.calls);
    json.member("allocated", consumer.allocated_bytes);
    json.member("peak", consumer.peak_bytes);
    json.member("active", consumer.live_blocks);
    json.member("live_bytes", consumer.live_bytes);
    json.key("average_size").real(consumer.average_size());
    json.member("temporary", consumer.temporary);
    if (is_sample) {
      json.member("allocated_sd", consumer.allocated_deviation);
      json.member("live_bytes_sd", consumer.live_deviation);
    }
    if (by == "module") {
      json.key("module").string_or_null(consumer.module);
    } else {
      write_stack(json, session, consumer);
    }
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace memwatch::render
