#include "tools/server/recordings.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "collector/analysis/selection.h"

namespace memwatch::server {

namespace {

using daemon::ProcessStatus;
using history::ProcessSample;

constexpr pid_t kLastNumber = 999'999'999;  // the page's address has nine digits for it

// The latest first, as the daemon has those that have ended.
bool ended_later(const ProcessStatus& a, const ProcessStatus& b) {
  return a.ended_ago < b.ended_ago;
}

}  // namespace

Recordings::Recordings(Load load, std::function<void(const std::string&)> warn)
    : load_(std::move(load)), warn_(std::move(warn)) {}

Result<Recordings::Stamp> Recordings::stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    Error error = system_error("open the session", path, errno);
    if (errno == ENOENT) error.kind = ErrorKind::not_found;
    return error;
  }
  return Stamp{found.st_dev, found.st_ino, found.st_size,
               std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

bool Recordings::is_same_recording(const File& file, const model::Session& session) {
  const model::Session& before = *file.tables;
  const auto has_same_pid = [](const Entry& entry, const model::Process& process) {
    return entry.process->pid == process.pid;
  };
  return before.started_at == session.started_at && before.host == session.host &&
         before.command == session.command && file.entries.size() <= session.processes.size() &&
         std::equal(file.entries.begin(), file.entries.end(), session.processes.begin(),
                    has_same_pid);
}

void Recordings::tell(File& file, const std::string& sentence) {
  if (file.told.insert(sentence).second) warn_(file.path + ": " + sentence);
}

void Recordings::remark(File& file, const std::string& sentence) {
  if (file.remark == sentence) return;
  if (!sentence.empty()) warn_(file.path + ": " + sentence);
  const std::lock_guard lock(mutex_);
  file.remark = sentence;
}

void Recordings::take(File& file, Loaded loaded) {
  for (const std::string& warning : loaded.warnings) tell(file, warning);
  model::Session& session = loaded.session;
  const bool is_first = file.tables == nullptr;
  const bool keeps_numbers = !is_first && is_same_recording(file, session);
  if (!is_first && !keeps_numbers) {
    warn_(file.path + ": another recording is in its place, which is shown from now on");
  }
  std::vector<Entry> entries;
  {
    const analysis::Selection selection(session);
    for (const model::Process& process : session.processes) {
      if (next_ == kLastNumber) break;
      Entry entry;
      const std::size_t at = entries.size();
      entry.number = keeps_numbers && at < file.entries.size() ? file.entries[at].number : next_++;
      entry.facts = facts_of(process, selection, file.path);
      entry.facts.status.pid = entry.number;
      entry.facts.status.recording->times_read = file.times_read + (is_first ? 0 : 1);
      for (daemon::Event& event : entry.facts.events) event.pid = entry.number;
      for (ProcessSample& row : entry.facts.samples) row.process.pid = entry.number;
      entries.push_back(std::move(entry));
    }
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].process = std::make_shared<const model::Process>(std::move(session.processes[i]));
  }
  session.processes.clear();
  auto tables = std::make_shared<const model::Session>(std::move(session));
  const std::lock_guard lock(mutex_);
  file.tables = std::move(tables);
  file.entries = std::move(entries);
  file.times_read += is_first ? 0 : 1;
  file.remark.clear();
}

Result<void> Recordings::open(const std::string& path) {
  // Before it is read: what changes meanwhile is seen by the next look.
  const Result<Stamp> stamp = stamp_of(path);
  if (!stamp) return stamp.error();
  const bool is_open = std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
    return file->stamp.device == stamp->device && file->stamp.inode == stamp->inode;
  });
  if (is_open) return {};
  Result<Loaded> loaded = load_(path);
  if (!loaded) return loaded.error();
  auto file = std::make_unique<File>();
  file->path = path;
  file->stamp = *stamp;
  take(*file, *std::move(loaded));
  const std::lock_guard lock(mutex_);
  files_.push_back(std::move(file));
  return {};
}

void Recordings::look() {
  for (const auto& file : files_) look_at(*file);
}

void Recordings::look_at(File& file) {
  const Result<Stamp> stamp = stamp_of(file.path);
  if (!stamp) {
    file.is_there = false;
    const bool is_gone = stamp.error().kind == ErrorKind::not_found;
    return remark(file, (is_gone ? std::string("it was deleted") : stamp.error().why) +
                            "; what was read of it is shown");
  }
  const bool is_back = !std::exchange(file.is_there, true);
  if (*stamp == file.stamp) {
    if (is_back) remark(file, "");  // moved away and back
    return;
  }
  file.stamp = *stamp;
  Result<Loaded> loaded = load_(file.path);
  if (loaded) return take(file, *std::move(loaded));
  remark(file, fmt::format("it was changed and cannot be read any more ({}); what was read before "
                           "is shown",
                           loaded.error().why));
}

std::size_t Recordings::sessions() const {
  const std::lock_guard lock(mutex_);
  return files_.size();
}

void Recordings::describe(daemon::Status* status) const {
  const std::lock_guard lock(mutex_);
  daemon::RecordingSource& source = status->recordings.emplace();
  source.sessions = files_.size();
  for (const auto& file : files_) {
    if (!file->remark.empty()) source.remarks.push_back(file->path + ": " + file->remark);
    for (const Entry& entry : file->entries) {
      const double ended_ago = status->now - entry.facts.ended_at;
      status->processes.push_back(entry.facts.status);
      status->processes.back().ended_ago = ended_ago;
      status->events_seen += entry.facts.events_seen;
      for (const daemon::Event& event : entry.facts.events) {
        status->events.push_back(event);
        status->events.back().age += ended_ago;
      }
    }
  }
  std::stable_sort(status->processes.begin(), status->processes.end(), ended_later);
  std::stable_sort(status->events.begin(), status->events.end(),
                   [](const daemon::Event& a, const daemon::Event& b) { return a.age < b.age; });
  for (std::size_t i = 0; i < status->events.size(); ++i) {
    status->events[i].id = status->events.size() - i;
  }
}

Result<model::Session> Recordings::session_of(pid_t number) const {
  std::shared_ptr<const model::Session> tables;
  std::shared_ptr<const model::Process> process;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& file : files_) {
      for (const Entry& entry : file->entries) {
        if (entry.number != number) continue;
        tables = file->tables;
        process = entry.process;
      }
    }
  }
  if (!process) {
    return Error{ErrorKind::not_found, "find the recording", std::to_string(number),
                 "no recorded process has this number", "/api/v1/processes lists them"};
  }
  model::Session session = *tables;
  session.processes.push_back(*process);
  return session;
}

std::vector<ProcessSample> Recordings::samples(const history::Question& question,
                                               std::int64_t now_ms) const {
  std::vector<ProcessSample> found;
  const std::lock_guard lock(mutex_);
  for (const auto& file : files_) {
    for (const Entry& entry : file->entries) {
      const RecordedProcess& facts = entry.facts;
      if (question.pid && *question.pid != entry.number) continue;
      if (question.name && *question.name != facts.status.name) continue;
      const std::int64_t end = facts.samples.empty() ? 0 : facts.samples.back().sample.time_ms;
      const bool is_whole = question.since_ms == 0;
      for (const ProcessSample& row : facts.samples) {
        if (is_whole || end - row.sample.time_ms <= now_ms - question.since_ms)
          found.push_back(row);
      }
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const ProcessSample& a, const ProcessSample& b) {
    return a.sample.time_ms < b.sample.time_ms;
  });
  if (found.size() > question.count) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(question.count));
  }
  return found;
}

}  // namespace memwatch::server
