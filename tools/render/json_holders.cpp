#include "tools/render/json_holders.h"

#include "collector/analysis/leaks.h"
#include "tools/render/holders.h"

namespace memwatch::render {

namespace {

void write_root(JsonWriter& json, const model::HolderPath& path) {
  json.key("root").begin_object();
  json.member("kind", root_kind_name(path.root));
  if (path.root_address != 0) json.key("address").hex(path.root_address);
  if (path.tid != 0) json.member("tid", path.tid);
  if (path.root == model::RootKind::data) {
    json.member("module", path.module);
    json.key("offset").hex(path.module_offset);
    if (!path.symbol.empty()) {
      json.member("symbol", path.symbol);
      json.member("symbol_offset", path.symbol_offset);
    }
  }
  json.end_object();
}

}  // namespace

void write_holders(JsonWriter& json, const model::Process& process,
                   const analysis::Selection& selection, std::size_t top, StackIds& stacks) {
  if (process.holders.empty()) return;
  json.key("holders").begin_array(JsonWriter::Layout::lines);
  std::size_t written = 0;
  for (const model::HolderPath& path : process.holders) {
    if (path.steps.empty() || !selection.includes(path.steps.back().stack)) continue;
    if (top != 0 && written++ >= top) break;
    json.begin_object();
    json.member("stack", stacks.id_of(path.steps.back().stack));
    json.member("kind", analysis::leak_kind_name(path.kind));
    write_root(json, path);
    json.member("skipped", path.skipped);
    json.key("path").begin_array();
    for (const model::HolderStep& step : path.steps) {
      json.begin_object();
      json.member("stack", stacks.id_of(step.stack));
      json.key("address").hex(step.address);
      json.member("size", step.size);
      json.member("pointer_at", step.pointer_at);
      json.member("inside", step.inside);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

}  // namespace memwatch::render
