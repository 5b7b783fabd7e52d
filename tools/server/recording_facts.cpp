#include "tools/server/recording_facts.h"

#include <algorithm>
#include <cmath>

#include "collector/analysis/leaked.h"
#include "collector/analysis/stack_text.h"
#include "collector/daemon/process_status.h"

namespace memwatch::server {

namespace {

using daemon::Event;

std::int64_t milliseconds(double seconds) {
  constexpr double kMost = 1e15;  // what a file says may be anything
  return std::isfinite(seconds)
             ? static_cast<std::int64_t>(std::llround(std::clamp(seconds * 1000, -kMost, kMost)))
             : 0;
}

// Until the process's end, but no earlier than its last sample.
double end_of(const model::Process& process) {
  const double end = process.start + process.duration;
  return process.timeline.empty() ? end : std::max(end, process.timeline.back().at);
}

std::vector<history::ProcessSample> samples_of(const model::Process& process,
                                               const std::string& name, double session_start) {
  std::vector<history::ProcessSample> samples;
  for (const model::TimelineSample& given : process.timeline) {
    history::ProcessSample row;
    row.process.name = name;
    history::Sample& sample = row.sample;
    sample.time_ms = milliseconds(session_start + given.at);
    sample.span_ms = samples.empty() ? milliseconds(given.at - process.start)
                                     : sample.time_ms - samples.back().sample.time_ms;
    sample.span_ms = std::max<std::int64_t>(sample.span_ms, 0);
    sample.rss = sample.rss_max = given.rss;
    if (process.mode != model::Mode::idle) sample.live = sample.live_max = given.live_bytes;
    sample.allocations = given.allocations;
    // Of one moment the last is told.
    if (!samples.empty() && samples.back().sample.time_ms == sample.time_ms) {
      sample.span_ms = samples.back().sample.span_ms;
      samples.back() = row;
    } else {
      samples.push_back(row);
    }
  }
  return samples;
}

std::vector<Event> events_of(const model::Process& process, const std::string& name, double end) {
  std::vector<Event> events;
  const auto add = [&](Event::Kind kind, Function function, std::uint64_t size, double at) {
    Event event;
    event.kind = kind;
    event.age = end - at;
    event.name = name;
    event.function = function;
    event.size = size;
    events.push_back(event);
  };
  for (const model::LargeAllocation& large : process.large) {
    add(Event::Kind::large, large.function, large.requested, large.at);
    events.back().tid = large.tid;
  }
  for (const model::Failure& failure : process.failures) {
    add(Event::Kind::failure, failure.function, failure.requested, failure.first_at);
    events.back().error_number = failure.error_number;
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.age < b.age; });
  return events;
}

}  // namespace

RecordedProcess facts_of(const model::Process& process, const analysis::Selection& selection,
                         const std::string& file) {
  const model::Session& session = selection.session();
  const double end = end_of(process);
  RecordedProcess recorded;
  recorded.status = daemon::status_of(process);
  recorded.status.name = analysis::base_name(process.exe);
  recorded.status.is_running = false;
  recorded.status.watched_for = process.duration;
  recorded.ended_at = session.started_at + end;
  recorded.samples = samples_of(process, recorded.status.name, session.started_at);
  recorded.events = events_of(process, recorded.status.name, end);
  recorded.events_seen = recorded.events.size();
  recorded.events.resize(std::min(recorded.events.size(), kMostEventsOfProcess));

  const analysis::Leaked leaked = analysis::leaked_of(process, selection);
  daemon::Recording& recording = recorded.status.recording.emplace();
  recording.file = file;
  recording.pid = process.pid;
  recording.started_at = session.started_at + process.start;
  recording.is_complete = session.complete;
  recording.peak_at = session.started_at + process.heap.peak_at;
  recording.leak_method = leaked.method;
  recording.leaks_all_seen = leaked.all_seen;
  recording.leaked_bytes = leaked.lost + leaked.indirect;
  recording.notes = process.notes;
  return recorded;
}

}  // namespace memwatch::server
