// What the daemon knows at one moment, as plain data: what `memwatch status` shows. Sizes in bytes,
// ages and durations in seconds, times in seconds since the Unix epoch. No behaviour.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/alerts/alert_status.h"
#include "collector/model/session.h"

namespace memwatch::daemon {

// Where a process's figures come from.
enum class Source : std::uint8_t {
  recorded,   // by this daemon
  elsewhere,  // by another memwatch, which alone knows more than live and resident memory
  polled,     // it does not carry the library: resident memory alone
};

// What is known besides of a process that a session file tells of. Such a process has a number of
// its own in the place of the pid, which may be another's by now.
struct Recording {
  std::string file;            // as it was named
  std::uint32_t pid = 0;       // that it had
  double started_at = 0;       // the process, since the Unix epoch
  bool is_complete = true;     // false: the recording was cut short
  double peak_at = 0;          // of the heap, since the Unix epoch
  std::string leak_method;     // as in the JSON report
  bool leaks_all_seen = true;  // false: judged, but what was not seen may lead to some
  std::uint64_t leaked_bytes = 0;
  std::vector<std::string> notes;  // the recording's own
  std::uint64_t times_read = 1;    // the file, each time that it had changed
};

// What is served are sessions, not processes that run.
struct RecordingSource {
  std::uint64_t sessions = 0;
  std::vector<std::string> remarks;  // sentences: files that were deleted, or replaced
};

struct ProcessStatus {
  Source source = Source::recorded;
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // pid and this together never repeat
  std::string name, exe;
  std::vector<std::string> command;
  bool is_running = true;
  model::ExitKind exit_kind = model::ExitKind::running;
  std::int32_t exit_code = 0, exit_signal = 0;
  double watched_for = 0;  // until now, or until its end
  double ended_ago = 0;    // of one that has ended
  pid_t collector = 0;     // of one that is recorded elsewhere
  // Of one that this daemon records; zero elsewhere but for the live heap.
  model::Mode mode = model::Mode::sample;
  std::uint64_t sample_interval = 0;
  std::uint64_t live_bytes = 0, live_blocks = 0, live_deviation = 0, peak_bytes = 0;
  std::uint64_t mapped_bytes = 0;
  model::Totals totals;
  std::uint64_t dropped = 0;  // events that were lost
  bool was_joined = false;    // while it ran: earlier blocks are not known
  std::uint64_t rss = 0, rss_peak = 0;
  std::optional<Recording> recording;
};

// A large allocation or a failure. Of failures that are alike in one process the first alone.
struct Event {
  enum class Kind : std::uint8_t { large, failure } kind = Kind::large;
  std::uint64_t id = 0;  // rises, and never repeats while the daemon runs
  double age = 0;
  pid_t pid = 0;
  std::uint32_t tid = 0;
  std::string name;
  Function function = Function::none;
  std::uint64_t size = 0;
  int error_number = 0;
};

// What the REST interface is encrypted with.
struct CertificateStatus {
  std::string file;
  std::int64_t valid_until = 0;  // seconds since the Unix epoch
  std::string trouble;           // a sentence: it is over, or ends soon; "": neither
};

struct Status {
  std::string version, config_path;
  bool has_config = false;  // the file is there
  std::string address;      // where the REST interface listens; "" nowhere
  std::optional<CertificateStatus> certificate;
  pid_t pid = 0;
  double now = 0;     // since the Unix epoch
  double uptime = 0;  // seconds
  std::vector<std::string> configured_names, added_names;
  std::vector<ProcessStatus>
      processes;                  // running ones first, by pid; then ended ones, latest first
  std::vector<Event> events;      // latest first; those of an earlier daemon too
  std::uint64_t events_seen = 0;  // since the start
  // Watched processes that carry the library and could not be recorded; warnings have said why.
  std::size_t not_recorded = 0;
  alerts::AlertStatus alerts;
  std::optional<RecordingSource> recordings;
};

}  // namespace memwatch::daemon
