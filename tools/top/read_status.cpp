#include "tools/top/read_status.h"

#include "tools/top/json_values.h"

namespace memwatch::top {

namespace {

using daemon::ProcessStatus;
using daemon::Source;

ProcessStatus read_process(const Json& json) {
  ProcessStatus process;
  process.pid = pid_in(json, "pid");
  process.start_ticks = count_in(json, "start_ticks");
  process.name = text_in(json, "name");
  const Json& command = member(json, "command");
  if (command.is_array()) {
    for (const Json& word : command) {
      process.command.push_back(word.is_string() ? word.get<std::string>() : std::string());
    }
  }
  const std::string source = text_in(json, "source");
  process.source = source == "recorded"    ? Source::recorded
                   : source == "elsewhere" ? Source::elsewhere
                                           : Source::polled;
  process.is_running = text_in(json, "state") == "running";
  process.watched_for = real_in(json, "watched_for");
  const Json& rss = member(json, "rss");
  process.rss = count_in(rss, "last");
  process.rss_peak = count_in(rss, "peak");
  process.collector = pid_in(json, "collector");
  const std::string mode = text_in(json, "mode");
  process.mode = mode == "exact"    ? model::Mode::exact
                 : mode == "sample" ? model::Mode::sample
                                    : model::Mode::idle;
  process.live_bytes = count_in(member(json, "heap"), "live_bytes");
  const Json& totals = member(json, "totals");
  process.totals.allocations = count_in(totals, "allocations");
  process.totals.large = count_in(totals, "large");
  process.totals.failed = count_in(totals, "failed");
  process.dropped = count_in(member(json, "losses"), "dropped");
  const Json& joined = member(member(json, "losses"), "joined");
  process.was_joined = joined.is_boolean() && joined.get<bool>();
  return process;
}

}  // namespace

Result<daemon::Status> read_status(std::string_view text) {
  const Json json = parse_json(text);
  const Json& processes = member(json, "processes");
  if (text_in(json, "schema") != "memwatch.status/1" || !processes.is_array()) {
    return Error{ErrorKind::damaged, "read the daemon's status", "its answer", "it makes no sense",
                 "is the daemon of another version?"};
  }
  daemon::Status status;
  status.version = text_in(json, "memwatch_version");
  status.pid = pid_in(json, "pid");
  status.uptime = real_in(json, "uptime");
  status.not_recorded = count_in(member(json, "totals"), "not_recorded");
  for (const Json& process : processes) {
    if (process.is_object()) status.processes.push_back(read_process(process));
  }
  return status;
}

}  // namespace memwatch::top
