// The session as it is while the recording goes on: for its file, which is kept up to date, and for
// those who look.
#include <algorithm>
#include <utility>

#include "collector/recording/heap_facts.h"
#include "collector/recording/leak_check.h"
#include "collector/recording/recorder_state.h"

namespace memwatch::recording {

void Recorder::State::collect_losses(ProcessRecord& record) {
  record.tracked->collect_losses();
  record.tracked->live().facts.losses.children_unrecorded += record.declined_children;
}

void Recorder::State::settle() {
  for (const auto& record : records) {
    if (!record->is_alive()) continue;
    record->tracked->live().settle();
    collect_losses(*record);
    record->tracked->live().facts.duration = now() - record->tracked->live().facts.start;
  }
}

void Recorder::State::swap_living_facts() {
  for (const auto& record : records) {
    if (!record->is_alive()) continue;
    std::swap(record->tracked->live().facts, session.processes[record->row]);
  }
}

void Recorder::State::checkpoint() {
  if (!writer || records.empty() || Clock::now() < next_checkpoint) return;
  settle();
  swap_living_facts();
  const Result<void> written = writer->checkpoint(session);
  swap_living_facts();
  if (!written) file_trouble = written.error().to_line();
  // A run that is over in a moment tells it once, at its end.
  if (!file_trouble.empty() && !warned_of_file && now() >= 1.0) {
    warned_of_file = true;
    warn(file_trouble + "; recording goes on, writing is tried again");
  }
  // A long run needs fewer of them: what a kill can lose stays a small part of the whole.
  constexpr std::chrono::milliseconds kMaxSpacing{10'000};
  constexpr std::chrono::milliseconds kOften{1000};
  const auto longer = checkpoint_spacing < kOften ? std::min(kOften, checkpoint_spacing * 2)
                                                  : checkpoint_spacing + checkpoint_spacing / 20;
  checkpoint_spacing = std::min(kMaxSpacing, longer);
  next_checkpoint = Clock::now() + checkpoint_spacing;
}

Result<void> Recorder::open_file(const std::string& path) {
  Result<capture::SessionWriter> writer = capture::SessionWriter::create(path);
  if (!writer) return writer.error();
  state_->writer.emplace(std::move(*writer));
  return {};
}

Result<void> Recorder::finish_file() {
  State& s = *state_;
  if (!s.writer) {
    return Error{ErrorKind::system, "write the session", "", "no file could be opened", {}};
  }
  return s.writer->finish(s.session);
}

void Recorder::settle() {
  state_->settle();
}

model::Session Recorder::snapshot() {
  State& s = *state_;
  for (const auto& record : s.records) {
    if (record->is_alive()) record->tracked->drain();
  }
  s.settle();
  // Without the processes, of which there may be many; the tables are what they share.
  std::vector<model::Process> processes = std::move(s.session.processes);
  s.session.processes.clear();
  model::Session copy = s.session;
  s.session.processes = std::move(processes);
  copy.processes.push_back(first_process());
  explain_missing_check(copy.processes.front());
  copy.complete = true;
  return copy;
}

Result<analysis::HeapFacts> Recorder::heap_facts() {
  ProcessRecord& record = *state_->records.front();
  if (!record.is_alive()) {
    return Error{ErrorKind::not_found,
                 "look at the memory",
                 "process " + std::to_string(record.pid),
                 "it has ended",
                 {}};
  }
  record.tracked->drain();
  return heap_facts_of(record, state_->session);
}

}  // namespace memwatch::recording
