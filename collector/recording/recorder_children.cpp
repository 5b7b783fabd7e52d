// What is known of children by their parents: blocks that a fork's child inherits, children that
// could not be recorded, programs that were started, how a child ended.
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "collector/recording/recorder_state.h"
#include "collector/recording/unrecorded.h"

namespace memwatch::recording {

namespace {

// Ended images whose children are waited for. Each keeps a descriptor; of the oldest beyond that
// it is believed that nothing more comes.
constexpr std::ptrdiff_t kMostLastWords = 64;

// Of an image that has ended: has nobody told how?
bool lacks_exit(const model::Process& facts) {
  return facts.exit_kind == model::ExitKind::running || facts.exit_kind == model::ExitKind::lost;
}

}  // namespace

void Recorder::State::count_declined_child(std::uint64_t parent_segment_id) {
  for (const auto& parent : records) {
    if (parent->segment_id == parent_segment_id) ++parent->declined_children;
  }
}

void Recorder::State::hear_of_programs(ProcessRecord& record) {
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  // Its children introduce themselves to somebody else, or it counts pids of another namespace.
  if (!own_rendezvous || has_taken_nothing(record) ||
      static_cast<pid_t>(header.pid) != record.pid) {
    return;
  }
  record.begun_programs->look(header, [&](std::uint32_t pid, bool has_failed) {
    const auto child = static_cast<pid_t>(pid);
    has_failed ? programs.failed(child) : programs.begun(child, record.row);
  });
}

// Of an image that ends or is let go. A parent that ends at once, as daemons do, may be gone before
// its child has found out that it cannot be recorded.
void Recorder::State::note_children(ProcessRecord& record) {
  intake::TrackedProcess& tracked = *record.tracked;
  if (record.blocks_at_fork.empty()) {
    note_unrecorded_children(tracked.unrecorded_children(), record.declined_children,
                             &session.processes[record.row]);
    return;
  }
  record.children_before = tracked.children_before();
  record.last_words.emplace(std::move(tracked).take_segment());
  // Where it cannot be mapped anew all of it stays as it was, which only takes room.
  static_cast<void>(record.last_words->keep_header_alone());
  const auto has_last_words = [](const auto& other) { return other->last_words.has_value(); };
  if (std::count_if(records.begin(), records.end(), has_last_words) > kMostLastWords) {
    hear_last_words(**std::find_if(records.begin(), records.end(), has_last_words));
  }
}

void Recorder::State::hear_last_words(ProcessRecord& record) {
  note_unrecorded_children(
      intake::unrecorded_children(record.last_words->header(), record.children_before),
      record.declined_children, &session.processes[record.row]);
  record.last_words.reset();
}

// Children of images that have ended, announced and not heard of.
bool Recorder::State::awaits_children() const {
  return std::any_of(records.begin(), records.end(), [](const auto& record) {
    return record->last_words && intake::sum_of(intake::unrecorded_children(
                                     record->last_words->header(), record->children_before)) +
                                         record->declined_children <
                                     record->blocks_at_fork.size();
  });
}

void Recorder::State::parent_forked(ProcessRecord& parent, std::uint64_t token) {
  const model::LiveProcess& live = parent.tracked->live();
  const std::uint64_t inherited = live.facts.heap.inherited_blocks;
  const std::uint64_t given_back = std::min(inherited, live.facts.totals.inherited_frees);
  parent.blocks_at_fork[token] = live.facts.heap.live_blocks + inherited - given_back;
  for (const auto& child : records) {
    if (child->awaits_inheritance && child->parent_segment_id == parent.segment_id) {
      inherit(*child);
    }
  }
}

void Recorder::State::inherit(ProcessRecord& child) {
  for (const auto& parent : records) {
    if (parent->segment_id != child.parent_segment_id || parent.get() == &child) continue;
    const auto at = parent->blocks_at_fork.find(child.fork_token);
    if (at != parent->blocks_at_fork.end()) {
      facts(child).heap.inherited_blocks = at->second;
      parent->blocks_at_fork.erase(at);
      child.awaits_inheritance = false;
      if (parent->last_words && parent->blocks_at_fork.empty()) hear_last_words(*parent);
    } else if (child.fork_token == 0 || !parent->is_alive()) {
      // A fork that was not announced: what the parent has now is as near as can be known.
      const model::Process& process = facts(*parent);
      facts(child).heap.inherited_blocks = process.heap.live_blocks + process.heap.inherited_blocks;
      child.awaits_inheritance = false;
    }
    return;
  }
  child.awaits_inheritance = false;  // the parent was never recorded
}

void Recorder::State::child_status(std::uint32_t pid, int status) {
  if (!WIFEXITED(status) && !WIFSIGNALED(status)) return;  // stopped or continued
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    model::Process& process = facts(**record);
    if (process.pid != pid) continue;
    if (!(*record)->is_alive() && lacks_exit(process)) {
      set_exit_from_wait_status(status, &process);
    } else if ((*record)->is_alive()) {
      early_child_statuses[pid] = status;
    }
    return;
  }
}

}  // namespace memwatch::recording
