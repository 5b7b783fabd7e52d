// The recording of one session: welcomes processes, drains their rings, notices their ends, samples
// them, and keeps the session file up to date. The one place that knows intake, model, procfs and
// capture. Driven by its owner calling turn(); single-threaded but for the pulse.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/analysis/breakdown.h"
#include "collector/base/result.h"
#include "collector/intake/registry.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/model/session.h"
#include "collector/procfs/cgroup_location.h"
#include "collector/procfs/cgroup_readings.h"
#include "collector/reachability/holders.h"
#include "collector/recording/injection.h"
#include "collector/recording/leak_check.h"
#include "collector/recording/leak_question.h"
#include "collector/recording/pulse.h"
#include "shared/segment_layout.h"

namespace memwatch::recording {

struct RecorderOptions {
  protocol::OnFull on_full = protocol::OnFull::block;
  model::Mode mode = model::Mode::exact;
  std::uint64_t large_threshold = 1ULL << 30;
  std::uint64_t bytes_between_samples = 512U << 10;  // on average, in sample mode
  std::chrono::milliseconds sample_interval{100};    // RSS and page faults
  bool follow = true;                                // children of processes are recorded too
  LeakCheckMode leak_check = LeakCheckMode::auto_;
  std::optional<Injection> injection;  // calls are made to fail
  std::vector<std::string> command;
  std::chrono::seconds pss_interval{10};  // proportional set size, which is slow to read
  // The kernel's figures are looked at once a sample_interval however long the recording is, and
  // not only when the timeline, which thins out, takes a sample.
  bool keeps_figures_fresh = false;
  // Of a collector that makes several recordings at once: the pulse, the socket and what cgroups
  // say, which they share and which outlive them. Visitors of the socket are the owner's to accept.
  // Null: the recording's own.
  Pulse* pulse = nullptr;
  const intake::RendezvousServer* rendezvous = nullptr;
  procfs::CgroupReadings* cgroups = nullptr;
};

// A large allocation or a failure, as it happens.
struct Alert {
  bool is_failure = false;
  bool is_injected = false;  // the failure was made
  std::uint32_t pid = 0, tid = 0;
  double at = 0;  // seconds since the session's start; negative: before it
  std::string exe;
  Function function = Function::none;
  std::uint64_t size = 0;
  int error_number = 0;
  // The innermost frames, with their modules: enough to print the top of the stack elsewhere.
  struct Frame {
    model::Module module;
    model::CodeAddress address;
  };
  std::vector<Frame> frames;
};

class Recorder {
 public:
  static constexpr std::size_t kAlertFrames = 32;

  static Result<std::unique_ptr<Recorder>> create(RecorderOptions options);
  ~Recorder();  // lets go of processes that still run
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Large allocations and failures; called from turn(), must not block.
  std::function<void(const Alert&)> on_alert;
  // The same of large blocks that are freed: the function that did, the stack that had allocated
  // it.
  std::function<void(const Alert&)> on_large_freed;
  // Is this stack one of those in which calls are to fail? The program waits for the answer. Needed
  // if the conditions of `injection` are about stacks.
  std::function<bool(const model::Session&, model::StackId)> on_stack_question;
  // A sentence for the user about something that went wrong but does not end the recording.
  std::function<void(const std::string&)> on_warning;

  // When the session began: what all its times count from.
  [[nodiscard]] std::chrono::steady_clock::time_point started() const;

  // What is being done, for those who want to watch: processes that come and go.
  std::function<void(const std::string&)> on_notice;
  // Every millisecond or so while a leak check of this process takes its time, so that an owner of
  // several recorders answers others meanwhile. It must neither end this recorder nor begin a
  // check.
  std::function<void(pid_t checked)> on_checking;

  // Where started processes introduce themselves; goes into their environment.
  [[nodiscard]] const std::string& rendezvous_path() const;

  // Writes the session to this file from now on. An error leaves the recording without a file.
  Result<void> open_file(const std::string& path);

  // Joins the ring of a process that runs already.
  Result<void> attach(const intake::SegmentName& name);

  // Waits until something happens, a few milliseconds at most, and does what there is to do. Of a
  // recording with a socket of its own.
  void turn();

  // Records who has introduced itself, or answers what it asks. turn() does it too; whoever
  // collects a child that has ended wants it before, for afterwards nothing is left to know the
  // child by.
  void welcome_visitors();

  // What turn() does, for an owner who waits for several recordings at once: the longest time until
  // the next look, a look, and (`some_ended`) whether a process may have ended meanwhile.
  [[nodiscard]] std::chrono::milliseconds until_next_look() const;
  // Nothing has been recorded of late: looks may be rarer than a sleep is long.
  [[nodiscard]] bool is_silent() const;
  void look(bool some_ended);

  // A process that introduced itself at the owner's socket. Error: it was declined.
  Result<void> welcome(intake::Visitor visitor);
  // The owner knows that its processes run another image now.
  void image_replaced();
  // Answers a visitor that asks for a leak check.
  void answer_leaks_request(intake::Visitor visitor);

  // A leak check of a process that is recorded and goes on. Answered at once where it is recorded
  // exactly, else from a look once its allocations were watched for a while, or from stop().
  void check_leaks(LeakQuestion question);
  // Of one that is recorded exactly, as it is now.
  Result<model::Session> check_leaks_now(pid_t pid, const reachability::HoldersWish& holders = {});
  // Checks that still watch are answered with this reason, and do not go on.
  void end_leak_checks(const std::string& why);

  // The owner's child has ended (it is the one who may wait for it). `max_rss_bytes` from its
  // rusage.
  void child_ended(pid_t pid, int wait_status, std::uint64_t max_rss_bytes);

  [[nodiscard]] std::size_t living_processes() const;
  [[nodiscard]] std::size_t recorded_processes() const;
  // Those that introduced themselves but could not be recorded; each was warned about.
  [[nodiscard]] std::size_t declined_processes() const;

  // Gives children a moment whose parents have ended before they were heard of: to introduce
  // themselves, or to count themselves as unrecorded.
  void await_children();

  // Ends the recording: last records, processes that still run are left alone and marked so.
  // Afterwards session() is complete but for symbols.
  void stop();

  [[nodiscard]] model::Session& session();

  // Writes the session's end to the file. Call after stop(), with or without symbols filled in.
  Result<void> finish_file();

  // Brings what is kept lazily in the facts of living processes up to date: shares of the peak,
  // error bars, losses, durations.
  void settle();

  // For those who look while the recording goes on: a session with the first process alone, as of
  // now, and (while it runs) its blocks.
  [[nodiscard]] model::Session snapshot();
  [[nodiscard]] Result<analysis::HeapFacts> heap_facts();

  // Identity, and facts up to the last look, of the first process recorded; there must be one.
  [[nodiscard]] const model::Process& first_process() const;
  // Its figures when it was last looked at.
  [[nodiscard]] const model::TimelineSample& latest_sample() const;
  // Its memory cgroup at that time.
  [[nodiscard]] const std::optional<procfs::CgroupLocation>& cgroup() const;

  // The innermost kAlertFrames of a stack, as in an alert.
  [[nodiscard]] std::vector<Alert::Frame> innermost_frames(model::StackId stack) const;

 private:
  struct State;
  explicit Recorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::recording
