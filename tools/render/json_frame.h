// Internal to the JSON outputs: one resolved frame as an object, the same in every document.
// Thread safety and errors: as JsonWriter's.
#pragma once

#include "collector/analysis/stack_text.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

inline void write_json_frame(JsonWriter& json, const analysis::Frame& frame) {
  json.begin_object();
  json.key("function").string_or_null(frame.function);
  json.key("file").string_or_null(frame.file);
  json.member("line", frame.line);
  json.key("module").string_or_null(frame.module);
  json.key("offset").hex(frame.offset);
  json.key("inlined").boolean(frame.inlined);
  json.end_object();
}

}  // namespace memwatch::render
