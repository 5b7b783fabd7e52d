#include "collector/recording/leak_watches.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace memwatch::recording {

namespace {

Error refusal(pid_t pid, ErrorKind kind, std::string why) {
  return Error{kind, "check for leaks", "process " + std::to_string(pid), std::move(why), {}};
}

// What is watched is a record of its own: of the same process, from now on, of every block.
void identify(const model::Process& recorded, double now, model::Process& watched) {
  watched.pid = recorded.pid;
  watched.ppid = recorded.ppid;
  watched.exe = recorded.exe;
  watched.command = recorded.command;
  watched.address_space_limit = recorded.address_space_limit;
  watched.data_limit = recorded.data_limit;
  watched.notes = recorded.notes;
  watched.start = now;
}

}  // namespace

void LeakWatches::begin(ProcessRecord& record, LeakQuestion question, double now) {
  const auto other = std::find_if(watches_.begin(), watches_.end(),
                                  [&](const Watch& watch) { return watch.record == &record; });
  if (other != watches_.end()) {
    const double left = std::chrono::duration<double>(other->until - Clock::now()).count();
    return question.answer(
        refusal(question.pid, ErrorKind::usage,
                "another check of it is under way, for another " +
                    std::to_string(static_cast<long>(std::ceil(std::max(left, 0.0)))) + " s"));
  }
  record.tracked->begin_watch();
  identify(record.tracked->live().facts, now, record.tracked->watch()->facts);
  if (question.watching) question.watching();
  watches_.push_back({&record, std::move(question), Clock::now()});
  watches_.back().until += watches_.back().question.watch;
}

void LeakWatches::turn(const Judge& judge) {
  for (std::size_t i = 0; i < watches_.size();) {
    using Asker = LeakQuestion::Asker;
    const LeakQuestion& question = watches_[i].question;
    const Asker asker = question.asker ? question.asker() : Asker::waits;
    if (asker == Asker::waits && Clock::now() < watches_[i].until) {
      ++i;
      continue;
    }
    const Watch over = std::move(watches_[i]);
    watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(i));
    if (asker == Asker::is_gone) {
      over.record->tracked->forget_watch();
      continue;
    }
    Result<model::Session> judged = judge(*over.record, over.question.holders);
    over.record->tracked->forget_watch();
    over.question.answer(std::move(judged));
  }
}

void LeakWatches::give_up(const ProcessRecord& record, const std::string& why) {
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    if (watches_[i].record != &record) continue;
    const Watch over = std::move(watches_[i]);
    watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(i));
    over.record->tracked->forget_watch();
    over.question.answer(refusal(over.question.pid, ErrorKind::not_found, why));
    return;
  }
}

}  // namespace memwatch::recording
