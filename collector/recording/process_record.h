// One process image while it is being recorded, and what outlives its segment: its row in the
// session, its fork tokens, how it ended. Internal to the recorder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "collector/base/unique_fd.h"
#include "collector/intake/begun_programs.h"
#include "collector/intake/tracked_process.h"
#include "collector/model/session.h"
#include "collector/model/timeline.h"
#include "collector/procfs/cgroup_readings.h"
#include "collector/procfs/followed_cgroup.h"
#include "collector/procfs/process_sample.h"
#include "collector/reachability/examination.h"

namespace memwatch::recording {

struct ProcessRecord {
  std::size_t row = 0;  // in session.processes
  pid_t pid = 0;
  std::uint64_t start_time = 0;
  std::uint64_t segment_id = 0;
  UniqueFd process;                                 // pidfd: readable when the process has ended
  UniqueFd maps, memory;                            // handed over by the target
  std::unique_ptr<intake::TrackedProcess> tracked;  // null once the image has ended
  model::Timeline timeline{0.1};
  model::TimelineSample latest;               // also between those of the timeline
  double next_figures_at = 0;                 // seconds of the session
  double next_pss_at = 1, pss_interval = 10;  // seconds; of the session, and between two readings
  std::uint64_t flight_seen = 0;              // the last entry of the flight ring that was applied
  procfs::EarlierSample earlier;
  procfs::FollowedCgroup cgroup;
  std::uint64_t kills_before = 0;  // the cgroup's out-of-memory kills when the process came to it

  // Blocks alive at each announced fork, for the child that presents the token.
  std::map<std::uint64_t, std::uint64_t> blocks_at_fork;
  // A fork child whose parent's record of the fork has not been read yet.
  std::uint64_t parent_segment_id = 0;
  std::uint64_t fork_token = 0;
  bool awaits_inheritance = false;

  std::optional<intake::BegunPrograms> begun_programs;

  // Children that wanted a segment when none could be made.
  std::uint64_t declined_children = 0;
  // Of an image that has ended before all the children it announced were heard of: they may still
  // count themselves in its segment as unrecorded, as those before did.
  std::optional<intake::Segment> last_words;
  intake::UnrecordedChildren children_before{};  // of an earlier recording

  double answered_at = 0;  // seconds of the session
  // It ended without having taken its segment, and nobody has told yet whether by a signal.
  bool awaits_verdict = false;
  // When it was answered, a second may have passed since it asked: then it runs on unrecorded.
  bool may_have_been_late = false;
  bool was_joined = false;  // while it ran: what it had allocated before is not known
  std::unique_ptr<reachability::Examination> examination;  // of the last leak check

  [[nodiscard]] bool is_alive() const { return tracked != nullptr; }
};

// Fills a sample with what the kernel says of the process now, and `cgroups` of its group; false
// when it is gone.
bool sample_kernel(ProcessRecord& record, double at, procfs::CgroupReadings& cgroups,
                   model::TimelineSample* sample, std::uint64_t* rss_peak);

// The process is in that group from now on: its kills so far are not this process's.
void note_cgroup(ProcessRecord& record);

// Memory around the process at this moment.
model::MemorySituation memory_situation(const ProcessRecord& record);

// Identity of a process that is alive now: ids, exe, command.
void read_identity(pid_t pid, model::Process* facts);

// The most that was resident, where the process has told it at its end. Samples miss what comes and
// goes between them.
void note_peak_rss(const ProcessRecord& record, model::Process* facts);

// How a process ended whose status nobody has told yet: by its own word in the segment, or by the
// kernel while it is a zombie. Leaves `lost` where neither knows.
void resolve_exit(const ProcessRecord& record, model::Process* facts);

void set_exit_from_wait_status(int status, model::Process* facts);

}  // namespace memwatch::recording
