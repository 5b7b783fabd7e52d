// One process that the daemon records: its recording, and what is known of it besides. Outlives the
// process itself, until its owner forgets it. Internal to the fleet; not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/alerts/observation.h"
#include "collector/base/result.h"
#include "collector/base/unique_fd.h"
#include "collector/daemon/config.h"
#include "collector/daemon/program_names.h"
#include "collector/daemon/status.h"
#include "collector/history/sample.h"
#include "collector/intake/registry.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/procfs/cgroup_location.h"
#include "collector/procfs/cgroup_readings.h"
#include "collector/recording/pace.h"
#include "collector/recording/recorder.h"

namespace memwatch::daemon {

class WatchedProcess;

// What all recordings share; outlives them.
struct SharedParts {
  recording::Pulse& pulse;
  const intake::RendezvousServer& rendezvous;
  procfs::CgroupReadings& cgroups;
  std::function<void(const std::string&)> warn;
  std::function<void(Event, std::chrono::steady_clock::time_point)> add_event;
  // The same event with its stack; and large blocks that are freed, which are no events.
  std::function<void(const WatchedProcess&, const recording::Alert&)> alert_of, release_of;
  // As Recorder::on_checking.
  std::function<void(pid_t checked)> on_checking;
};

class WatchedProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // Joins the ring of a process that runs already.
  static Result<std::unique_ptr<WatchedProcess>> attach(const intake::SegmentName& segment,
                                                        ProgramNames names,
                                                        ProcessSettings settings,
                                                        SharedParts& shared);
  // Records one that has just introduced itself.
  static Result<std::unique_ptr<WatchedProcess>> welcome(intake::Visitor visitor,
                                                         ProgramNames names,
                                                         ProcessSettings settings,
                                                         SharedParts& shared);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::uint64_t start_ticks() const { return start_ticks_; }
  [[nodiscard]] const ProgramNames& names() const { return names_; }
  [[nodiscard]] const ProcessSettings& settings() const { return settings_; }
  [[nodiscard]] bool is_running() const { return !has_ended_; }
  [[nodiscard]] Clock::time_point ended_at() const { return ended_at_; }
  // Readable once the process has ended; -1 on a kernel without pidfd.
  [[nodiscard]] int descriptor() const { return end_.get(); }
  // When the rings have to be looked at again.
  [[nodiscard]] Clock::time_point next_look() const { return next_look_; }

  void look(bool may_have_ended);
  // Of one that is recorded exactly at once, else once it was watched (LeakQuestion).
  void check_leaks(recording::LeakQuestion question);
  void answer_leaks_request(intake::Visitor visitor);
  void image_replaced();  // by exec: this recording is over
  [[nodiscard]] recording::Recorder& recorder() const { return *recorder_; }
  [[nodiscard]] Clock::time_point watched_since() const { return start_; }
  [[nodiscard]] std::int64_t watched_since_ms() const { return start_ms_; }  // of the wall clock
  [[nodiscard]] bool was_joined() const { return was_joined_; }              // it ran already

  // A moment of it, as of the last look.
  [[nodiscard]] history::ProcessSample sample(std::int64_t time_ms) const;

  // What the alerts' conditions are about, as of the last look; its growth as it was judged last.
  [[nodiscard]] alerts::Observation observe(Clock::time_point now) const;
  void judge_growth();  // may take milliseconds
  [[nodiscard]] alerts::ProcessKey key() const;
  // Where its memory goes: the site that grows fastest, else the one that holds most.
  [[nodiscard]] std::vector<recording::Alert::Frame> growing_site() const;
  [[nodiscard]] std::vector<recording::Alert::Frame> largest_site() const;
  [[nodiscard]] const std::optional<procfs::CgroupLocation>& cgroup() const {
    return recorder_->cgroup();
  }
  [[nodiscard]] const model::TimelineSample& latest_sample() const;

  // How it has ended, in words.
  [[nodiscard]] std::string ending() const;

  // What is shown of it; brings its figures up to date.
  [[nodiscard]] ProcessStatus describe(Clock::time_point now) const;

 private:
  WatchedProcess(pid_t pid, std::uint64_t start_ticks, ProgramNames names,
                 ProcessSettings settings);
  [[nodiscard]] Result<void> create_recorder(SharedParts& shared);
  void plan_next_look();
  void note_end();

  pid_t pid_;
  std::uint64_t start_ticks_;
  ProgramNames names_;
  ProcessSettings settings_;
  Clock::time_point start_ = Clock::now(), next_look_ = start_, ended_at_{};
  std::int64_t start_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  bool was_joined_ = false, has_ended_ = false;
  UniqueFd end_;
  std::unique_ptr<recording::Recorder> recorder_;
  std::optional<alerts::Growth> growth_;
  model::StackId growing_stack_ = model::kNone;
};

}  // namespace memwatch::daemon
