// What a recorder knows while it records, and what it does with it: recorder.cpp drives, each idea
// has a file of its own, named below above its functions. Everything that several of them need is
// here, and nothing of it is seen outside.
//
// Errors: what can be refused returns a Result. What goes wrong besides does not end the recording:
// it becomes a warning or a note in the session. Not thread-safe: all of it runs on the thread that
// drives the recorder; the pulse, which has a thread of its own, is told what it needs. Internal to
// the recorder.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/capture/session_writer.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/intake/segment.h"
#include "collector/model/live_process.h"
#include "collector/model/session.h"
#include "collector/model/stack_table.h"
#include "collector/recording/leak_watches.h"
#include "collector/recording/own_allocator_notes.h"
#include "collector/recording/pace.h"
#include "collector/recording/process_record.h"
#include "collector/recording/pulse.h"
#include "collector/recording/recorder.h"
#include "collector/recording/started_programs.h"

namespace memwatch::recording {

struct Recorder::State {
  using Clock = std::chrono::steady_clock;

  // When pages of the program are given back: after the start, and again for what happened once.
  static constexpr std::chrono::seconds kFirstTidying{1};
  static constexpr std::chrono::minutes kBetweenTidyings{1};

  RecorderOptions options;
  Clock::time_point start = Clock::now();
  model::Session session;
  model::StackTable stacks{session};
  std::unique_ptr<Pulse> own_pulse;
  Pulse* pulse = nullptr;
  std::unique_ptr<procfs::CgroupReadings> own_cgroups;
  procfs::CgroupReadings* cgroups = nullptr;
  std::optional<intake::RendezvousServer> own_rendezvous;
  const intake::RendezvousServer* rendezvous = nullptr;
  std::vector<std::unique_ptr<ProcessRecord>> records;  // in the order of session.processes
  std::optional<capture::SessionWriter> writer;
  std::string file_trouble;  // of the last checkpoint that failed
  bool warned_of_file = false;
  std::size_t declined = 0;
  std::vector<pollfd> waiting;             // scratch of turn()
  std::vector<intake::Visitor> postponed;  // until the leak check is over that they came in
  // The first as soon as there is anything to tell: a session that is cut short can be read.
  Clock::time_point next_checkpoint = Clock::now();
  std::chrono::milliseconds checkpoint_spacing{50};
  // Short recordings are spared it.
  Clock::time_point next_tidying = Clock::now() + kFirstTidying;
  std::optional<Pace> pace;
  LeakWatches watches;
  StartedPrograms programs;
  OwnAllocatorNotes own_allocators;
  std::map<std::uint32_t, int> early_child_statuses;  // told before the child's record ended
  std::function<void(const Alert&)>* on_alert = nullptr;
  std::function<void(const Alert&)>* on_large_freed = nullptr;
  std::function<bool(const model::Session&, model::StackId)>* on_stack_question = nullptr;
  std::function<void(const std::string&)>* on_warning = nullptr;
  std::function<void(const std::string&)>* on_notice = nullptr;
  std::function<void(pid_t)>* on_checking = nullptr;

  [[nodiscard]] double now() const {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
  // steady_clock is CLOCK_MONOTONIC.
  [[nodiscard]] double start_seconds() const {
    return std::chrono::duration<double>(start.time_since_epoch()).count();
  }
  void warn(const std::string& sentence) const {
    if (on_warning != nullptr && *on_warning) (*on_warning)(sentence);
  }
  void notice(const std::string& sentence) const {
    if (on_notice != nullptr && *on_notice) (*on_notice)(sentence);
  }
  model::Process& facts(const ProcessRecord& record) {
    return record.tracked != nullptr ? record.tracked->live().facts : session.processes[record.row];
  }

  // recorder.cpp
  void tidy_up();
  // `is_last`: nobody writes to its flight ring any more.
  void collect_idle(ProcessRecord& record, bool is_last);

  // recorder_arrivals.cpp: how processes come.
  [[nodiscard]] intake::SegmentSettings wanted_settings() const;
  void receive(intake::Visitor visitor);
  void welcome(intake::Visitor visitor);
  Result<void> welcome_or_why_not(intake::Visitor& visitor);
  [[nodiscard]] bool continues_a_record(const intake::Visitor& visitor) const;
  ProcessRecord& add_record(pid_t pid, std::uint64_t start_time, intake::Segment segment,
                            bool attaching);

  // recorder_children.cpp: what is known of children by their parents.
  void count_declined_child(std::uint64_t parent_segment_id);
  void hear_of_programs(ProcessRecord& record);
  void note_children(ProcessRecord& record);
  void hear_last_words(ProcessRecord& record);
  [[nodiscard]] bool awaits_children() const;
  void parent_forked(ProcessRecord& parent, std::uint64_t token);
  void inherit(ProcessRecord& child);
  void child_status(std::uint32_t pid, int status);

  // recorder_events.cpp: what single events set off.
  void connect_callbacks(ProcessRecord& record);
  Alert alert_for(const ProcessRecord& record, Function function, std::uint64_t size,
                  model::StackId stack);
  [[nodiscard]] std::vector<Alert::Frame> frames_of(model::StackId stack) const;

  // recorder_ends.cpp: how records end.
  void end_record(ProcessRecord& record, std::optional<model::ExitKind> kind);
  void give_verdict(ProcessRecord& record);
  void detach_record(ProcessRecord& record);
  static bool has_ended(const ProcessRecord& record);
  void notice_ends(bool some_ended);

  // recorder_samples.cpp: figures over time.
  void sample(ProcessRecord& record, bool forced);
  void end_epoch_if_due(model::LiveProcess& live) const;

  // recorder_snapshots.cpp: the session as it is so far.
  static void collect_losses(ProcessRecord& record);
  void settle();
  // Exchanges the facts of living processes with their rows in the session: once before the
  // session is read by others, once after. Costs nothing per fact.
  void swap_living_facts();
  void checkpoint();

  // recorder_leak_checks.cpp: leak checks of processes that go on.
  void check_leaks(LeakQuestion question);
  Result<ProcessRecord*> record_to_check(pid_t pid, std::uint64_t start_time);
  model::Session judge_leaks(ProcessRecord& record, const reachability::HoldersWish& holders);
  // While a check keeps the turn: the other processes go on, and new ones are welcomed.
  void serve_others(const ProcessRecord& checked);
  void tend_watches();
  void give_up_watch(const ProcessRecord& record, const std::string& why);
  void answer_leaks_request(intake::Visitor visitor);
};

}  // namespace memwatch::recording
