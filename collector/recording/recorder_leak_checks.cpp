// Leak checks of processes that are recorded and go on: whoever asks, the owner or another
// memwatch, is answered at once or after a watch.
#include <algorithm>
#include <memory>
#include <utility>

#include "collector/recording/leak_check.h"
#include "collector/recording/recorder_state.h"

namespace memwatch::recording {

namespace {

constexpr std::uint64_t kLongestWatchMs = 1000UL * 60 * 60 * 24 * 366;  // of a leak check

}  // namespace

void Recorder::State::check_leaks(LeakQuestion question) {
  const Result<ProcessRecord*> record = record_to_check(question.pid, question.start_time);
  if (!record) return question.answer(record.error());
  if (options.mode == model::Mode::exact) {
    return question.answer(judge_leaks(**record, question.holders));
  }
  watches.begin(**record, std::move(question), now());
  pace->watch(watches.has_any());
}

// `start_time` 0: whichever has the pid.
Result<ProcessRecord*> Recorder::State::record_to_check(pid_t pid, std::uint64_t start_time) {
  for (const auto& record : records) {
    if (record->is_alive() && record->pid == pid &&
        (start_time == 0 || record->start_time == start_time)) {
      return record.get();
    }
  }
  return Error{ErrorKind::not_found,
               "check for leaks",
               "process " + std::to_string(pid),
               "it is not recorded by the memwatch that was asked",
               {}};
}

model::Session Recorder::State::judge_leaks(ProcessRecord& record,
                                            const reachability::HoldersWish& holders) {
  const model::Process judged =
      judge_living(record, session, holders, now(), [this, &record] { serve_others(record); });
  model::Session found = session;
  found.processes.assign(1, judged);
  found.processes.front().duration = now() - judged.start;
  found.complete = true;
  return found;
}

void Recorder::State::serve_others(const ProcessRecord& checked) {
  pulse->intake_beats(Pulse::kStandIn);
  // By index: who is welcomed is added to them.
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].get() != &checked && records[i]->is_alive()) records[i]->tracked->drain();
  }
  if (on_checking != nullptr && *on_checking) (*on_checking)(checked.pid);
  if (!own_rendezvous) return;
  while (auto visitor = own_rendezvous->accept_visitor()) {
    // It would be a check within the check, or end what is looked at, or what is watched while the
    // watches are gone through.
    const bool has_to_wait = visitor->asks_for_leaks() || visitor->pid == checked.pid ||
                             (watches.has_any() && continues_a_record(*visitor));
    if (has_to_wait) {
      postponed.push_back(std::move(*visitor));
    } else {
      welcome(std::move(*visitor));
    }
  }
}

void Recorder::State::tend_watches() {
  if (!watches.has_any()) return;
  watches.turn([this](ProcessRecord& record, const reachability::HoldersWish& holders) {
    return Result<model::Session>(judge_leaks(record, holders));
  });
  pace->watch(watches.has_any());
}

void Recorder::State::give_up_watch(const ProcessRecord& record, const std::string& why) {
  watches.give_up(record, why);
  pace->watch(watches.has_any());
}

// Another memwatch wants to know; the verdicts go into a session file beside the socket.
void Recorder::State::answer_leaks_request(intake::Visitor visitor) {
  const protocol::LeaksRequest request = visitor.leaks_request();
  LeakQuestion question;
  question.pid = static_cast<pid_t>(request.pid);
  question.start_time = request.start_time;
  question.holders.sites = request.who_holds_sites;
  if (request.who_holds_address != 0) question.holders.address = request.who_holds_address;
  question.watch = std::chrono::milliseconds(std::min(request.watch_ms, kLongestWatchMs));
  const auto asker = std::make_shared<intake::Visitor>(std::move(visitor));
  question.asker = [asker] {
    switch (intake::state_of_asker(*asker)) {
      case intake::AskerState::wants_it_now:
        return LeakQuestion::Asker::wants_it_now;
      case intake::AskerState::is_gone:
        return LeakQuestion::Asker::is_gone;
      case intake::AskerState::waits:
        break;
    }
    return LeakQuestion::Asker::waits;
  };
  question.watching = [asker] { intake::tell_watching(*asker); };
  question.answer = [this, asker](Result<model::Session> found) {
    std::string path;
    if (found) {
      const std::string& socket = rendezvous->path();
      path =
          socket.substr(0, socket.rfind('/') + 1) + "leaks-" + std::to_string(asker->pid) + ".mw";
      Result<capture::SessionWriter> file = capture::SessionWriter::create(path);
      const Result<void> written = file ? file->finish(*found) : Result<void>(file.error());
      if (!written) found = written.error();
    }
    intake::answer_leaks(std::move(*asker), found.has_value(), found ? path : found.error().why);
  };
  check_leaks(std::move(question));
}

void Recorder::check_leaks(LeakQuestion question) {
  state_->check_leaks(std::move(question));
}

Result<model::Session> Recorder::check_leaks_now(pid_t pid,
                                                 const reachability::HoldersWish& holders) {
  const Result<ProcessRecord*> record = state_->record_to_check(pid, 0);
  if (!record) return record.error();
  return state_->judge_leaks(**record, holders);
}

void Recorder::end_leak_checks(const std::string& why) {
  for (const auto& record : state_->records) state_->give_up_watch(*record, why);
}

void Recorder::answer_leaks_request(intake::Visitor visitor) {
  state_->answer_leaks_request(std::move(visitor));
}

}  // namespace memwatch::recording
