#include "tools/render/breakdown_json.h"

#include "tools/render/json_writer.h"

namespace memwatch::render {

namespace {

using analysis::BreakdownItem;
using Items = std::vector<BreakdownItem>;

constexpr std::size_t kMostItems = 100;  // then the rest is one

void write_items(JsonWriter& json, const Items& items, const char* name, bool with_live) {
  json.key("of").begin_array(JsonWriter::Layout::lines);
  BreakdownItem rest;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i >= kMostItems) {
      rest.bytes += items[i].bytes;
      rest.live_bytes += items[i].live_bytes;
      continue;
    }
    json.begin_object();
    json.key(name).string_or_null(items[i].name);
    json.member("bytes", items[i].bytes);
    if (with_live) json.member("live_bytes", items[i].live_bytes);
    json.end_object();
  }
  if (items.size() > kMostItems) {
    json.begin_object();
    json.member(name, "(others)");
    json.member("bytes", rest.bytes);
    if (with_live) json.member("live_bytes", rest.live_bytes);
    json.end_object();
  }
  json.end_array();
}

void write_part(JsonWriter& json, const analysis::Breakdown& breakdown, const char* name,
                std::uint64_t bytes, const Items* items = nullptr) {
  json.begin_object();
  json.member("name", name);
  json.member("bytes", bytes);
  const auto rss = static_cast<double>(breakdown.rss);
  json.key("share").real(rss > 0 ? static_cast<double>(bytes) / rss : 0);
  if (items != nullptr) {
    const bool is_heap = items == &breakdown.heap_by_library;
    write_items(json, *items, is_heap ? "module" : "path", is_heap);
  }
  json.end_object();
}

}  // namespace

void write_breakdown_json(const BreakdownOf& of, const analysis::Breakdown& breakdown,
                          Output& output) {
  JsonWriter json(output);
  json.begin_object(JsonWriter::Layout::lines);
  json.member("schema", "memwatch.breakdown/1");
  json.key("pid").signed_number(of.pid);
  json.member("process", of.process);
  json.key("time").real(of.time);
  json.member("rss", breakdown.rss);
  json.key("estimated").boolean(breakdown.estimated);
  json.key("parts").begin_array(JsonWriter::Layout::lines);
  write_part(json, breakdown, "heap", breakdown.heap, &breakdown.heap_by_library);
  write_part(json, breakdown, "allocator_overhead", breakdown.allocator_overhead);
  write_part(json, breakdown, "allocator_free", breakdown.allocator_free);
  write_part(json, breakdown, "mapped", breakdown.mapped);
  write_part(json, breakdown, "stacks", breakdown.stacks);
  write_part(json, breakdown, "libraries", breakdown.libraries, &breakdown.library_files);
  write_part(json, breakdown, "files", breakdown.files, &breakdown.other_files);
  write_part(json, breakdown, "shared", breakdown.shared, &breakdown.shared_by_name);
  write_part(json, breakdown, "memwatch", breakdown.memwatch);
  write_part(json, breakdown, "untracked", breakdown.untracked);
  json.end_array();
  json.member("page_tables", breakdown.page_tables);
  json.member("swap", breakdown.swap);
  json.member("vms", breakdown.vms);
  json.key("faults").begin_object();
  json.member("minor", breakdown.minor_faults);
  json.member("major", breakdown.major_faults);
  json.end_object();
  json.key("notes").begin_array();
  for (const std::string& note : breakdown.notes) json.string(note);
  json.end_array();
  json.end_object();
}

}  // namespace memwatch::render
