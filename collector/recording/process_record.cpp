#include "collector/recording/process_record.h"

#include <sys/wait.h>

#include <algorithm>

#include "collector/procfs/cgroup.h"
#include "collector/procfs/exit_status.h"
#include "collector/procfs/process_identity.h"
#include "collector/procfs/smaps_rollup.h"

namespace memwatch::recording {

bool sample_kernel(ProcessRecord& record, double at, procfs::CgroupReadings& cgroups,
                   model::TimelineSample* sample, std::uint64_t* rss_peak) {
  const auto kernel = procfs::sample_process_again(record.pid, record.earlier);
  if (!kernel || kernel->rss == 0) return false;
  sample->rss = kernel->rss;
  sample->vms = kernel->vms;
  sample->shared = kernel->shared;
  sample->data = kernel->data;
  sample->stack = kernel->stack;
  sample->swap = kernel->swap;
  sample->minor_faults = kernel->minor_faults;
  sample->major_faults = kernel->major_faults;
  *rss_peak = std::max(kernel->rss_peak, kernel->rss);
  // Reading proportional set sizes walks every page table of the target, so it is done rarely.
  if (at >= record.next_pss_at) {
    record.next_pss_at = at + record.pss_interval;
    if (const auto rollup = procfs::sample_smaps_rollup(record.pid)) sample->pss = rollup->pss;
  }
  const procfs::CgroupReadings::Reading nowhere;
  const auto read = [&]() -> const procfs::CgroupReadings::Reading& {
    const auto& cgroup = record.cgroup.location();
    return cgroup ? cgroups.read(*cgroup, procfs::CgroupReadings::Clock::now()) : nowhere;
  };
  const procfs::CgroupReadings::Reading* reading = &read();
  if (record.cgroup.follow(at, record.cgroup.location() && !reading->memory)) {
    note_cgroup(record);
    reading = &read();
  }
  if (reading->memory) {
    sample->cgroup_usage = reading->memory->usage;
    sample->cgroup_limit = reading->memory->limit;
  }
  if (reading->pressure) sample->psi_some_avg10 = reading->pressure->some_avg10;
  return true;
}

void note_cgroup(ProcessRecord& record) {
  record.kills_before = 0;
  if (const auto& cgroup = record.cgroup.location()) {
    if (const auto memory = procfs::read_cgroup_memory(*cgroup)) {
      record.kills_before = memory->out_of_memory_kills;
    }
  }
}

model::MemorySituation memory_situation(const ProcessRecord& record) {
  model::MemorySituation situation;
  if (const auto kernel = procfs::sample_process(record.pid)) situation.rss = kernel->rss;
  if (const auto& cgroup = record.cgroup.location()) {
    if (const auto memory = procfs::read_cgroup_memory(*cgroup)) {
      situation.cgroup_usage = memory->usage;
      situation.cgroup_limit = memory->limit;
    }
  }
  situation.address_space_limit = procfs::address_space_limit(record.pid).value_or(0U);
  return situation;
}

void read_identity(pid_t pid, model::Process* facts) {
  facts->pid = static_cast<std::uint32_t>(pid);
  if (const auto exe = procfs::process_executable(pid)) facts->exe = exe->path;
  facts->command = procfs::process_command(pid);
  facts->address_space_limit = procfs::address_space_limit(pid).value_or(0U);
  facts->data_limit = procfs::data_limit(pid).value_or(0U);
  if (const auto sample = procfs::sample_process(pid)) {
    facts->ppid = static_cast<std::uint32_t>(sample->stat.ppid);
  }
}

void set_exit_from_wait_status(int status, model::Process* facts) {
  if (WIFSIGNALED(status)) {
    facts->exit_kind = model::ExitKind::signaled;
    facts->exit_signal = WTERMSIG(status);
  } else if (WIFEXITED(status)) {
    facts->exit_kind = model::ExitKind::exited;
    facts->exit_code = WEXITSTATUS(status);
  }
}

void note_peak_rss(const ProcessRecord& record, model::Process* facts) {
  constexpr std::uint64_t kAddresses = std::uint64_t{1} << 57;  // more than there are is no figure
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  const std::uint64_t peak = header.peak_rss.load(std::memory_order_relaxed);
  if (peak < kAddresses) facts->rss.peak = std::max(facts->rss.peak, peak);
}

void resolve_exit(const ProcessRecord& record, model::Process* facts) {
  if (facts->exit_kind != model::ExitKind::running && facts->exit_kind != model::ExitKind::lost) {
    return;
  }
  facts->exit_kind = model::ExitKind::lost;
  if (const auto status = procfs::wait_status_of_ended(record.pid, record.process.get())) {
    set_exit_from_wait_status(*status, facts);
    return;
  }
  if (record.tracked == nullptr) return;
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  if (header.exit_seen.load(std::memory_order_acquire) == 1) {
    facts->exit_kind = model::ExitKind::exited;
    facts->exit_code = header.exit_status.load(std::memory_order_relaxed) & 0xff;
  }
}

}  // namespace memwatch::recording
