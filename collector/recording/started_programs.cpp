#include "collector/recording/started_programs.h"

#include <utility>

namespace memwatch::recording {

namespace {

// Of pids that are remembered at a time. Those of a recording of days that starts a hundred static
// programs a second come to as many in ten minutes, and a program introduces itself in a second.
constexpr std::size_t kMostRemembered = 65'536;

}  // namespace

void StartedPrograms::begun(pid_t child, std::size_t row) {
  if (introduced_.erase(child) != 0) return;
  if (gone_.erase(child) != 0) {
    ++unrecorded_[row].unanswered;
    return;
  }
  give_up(child);  // one of that pid before it, which has ended
  if (awaited_.size() >= kMostRemembered) {
    while (!awaited_.empty()) give_up(awaited_.begin()->first);
  }
  awaited_[child] = row;
}

void StartedPrograms::failed(pid_t child) {
  // What it tries next may have introduced itself before this was read, and was taken for it.
  if (awaited_.erase(child) == 0) introduced_.insert(child);
}

void StartedPrograms::introduced(pid_t program) {
  if (awaited_.erase(program) != 0) return;
  if (introduced_.size() >= kMostRemembered) introduced_.clear();
  introduced_.insert(program);
}

void StartedPrograms::gone_unanswered(pid_t program) {
  const auto at = awaited_.find(program);
  if (at != awaited_.end()) {
    ++unrecorded_[at->second].unanswered;
    awaited_.erase(at);
    return;
  }
  if (gone_.size() >= kMostRemembered) gone_.clear();
  gone_.insert(program);
}

void StartedPrograms::give_up(pid_t child) {
  const auto at = awaited_.find(child);
  if (at == awaited_.end()) return;
  ++unrecorded_[at->second].unheard;
  awaited_.erase(at);
}

std::map<std::size_t, StartedPrograms::Unrecorded> StartedPrograms::take_unrecorded() {
  while (!awaited_.empty()) give_up(awaited_.begin()->first);
  return std::exchange(unrecorded_, {});
}

}  // namespace memwatch::recording
