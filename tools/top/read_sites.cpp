#include "tools/top/read_sites.h"

#include "tools/top/json_values.h"

namespace memwatch::top {

namespace {

Site read_site(const Json& json) {
  Site site;
  site.live_bytes = count_in(json, "live_bytes");
  site.live_blocks = count_in(json, "active");
  site.peak_bytes = count_in(json, "peak");
  site.allocated_bytes = count_in(json, "allocated");
  site.calls = count_in(json, "calls");
  const Json& stack = member(json, "stack");
  if (!stack.is_array()) return site;
  for (const Json& frame : stack) {
    site.stack.push_back({text_in(frame, "function"), text_in(frame, "file"),
                          text_in(frame, "module"), count_in(frame, "line")});
  }
  return site;
}

}  // namespace

Result<Sites> read_sites(std::string_view text) {
  const Json json = parse_json(text);
  const Json& consumers = member(json, "consumers");
  if (text_in(json, "schema") != "memwatch.consumers/1" || !consumers.is_array()) {
    return Error{ErrorKind::damaged, "read a process's sites", "the daemon's answer",
                 "it makes no sense", "is the daemon of another version?"};
  }
  Sites sites;
  sites.process = text_in(json, "process");
  sites.mode = text_in(json, "mode");
  const Json& totals = member(json, "totals");
  sites.live_bytes = count_in(totals, "live_bytes");
  sites.live_blocks = count_in(totals, "active");
  for (const Json& consumer : consumers) {
    if (consumer.is_object()) sites.all.push_back(read_site(consumer));
  }
  return sites;
}

}  // namespace memwatch::top
