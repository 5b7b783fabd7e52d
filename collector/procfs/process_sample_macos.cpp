// The ledger that task_info reads, of this process by task_info itself (TASK_VM_INFO), of others by
// proc_pid_rusage: their task ports take a right that a collector seldom has.
#include <libproc.h>
#include <mach/mach.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_sample.h"

namespace memwatch::procfs {
namespace {

bool sample_own_memory(ProcessSample& sample) {
  task_vm_info_data_t info{};
  mach_msg_type_number_t words = TASK_VM_INFO_COUNT;
  if (task_info(mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &words) !=
      KERN_SUCCESS) {
    return false;
  }
  sample.rss = info.resident_size;
  sample.rss_peak = info.resident_size_peak;
  sample.footprint = info.phys_footprint;
  sample.swap = info.compressed;
  return true;
}

bool sample_memory_of(pid_t pid, ProcessSample& sample) {
  rusage_info_v4 usage{};
  // The function takes a pointer to any of its structs for a pointer to a pointer.
  if (proc_pid_rusage(pid, RUSAGE_INFO_V4, reinterpret_cast<rusage_info_t*>(&usage)) != 0) {
    return false;
  }
  sample.rss = usage.ri_resident_size;
  sample.footprint = usage.ri_phys_footprint;
  return true;
}

}  // namespace

// `stat` has the pid and the start alone; data, stack and shared memory are not told apart.
std::optional<ProcessSample> sample_process(pid_t pid, const std::string&) {
  ProcessSample sample;
  proc_taskinfo task{};
  const int got = proc_pidinfo(pid, PROC_PIDTASKINFO, 0, &task, sizeof task);
  const std::optional<std::uint64_t> start = process_start_ticks(pid);
  if (got != static_cast<int>(sizeof task) || !start) return std::nullopt;
  if (!(pid == ::getpid() ? sample_own_memory(sample) : sample_memory_of(pid, sample))) {
    return std::nullopt;
  }
  sample.vms = task.pti_virtual_size;
  sample.threads = static_cast<std::uint64_t>(task.pti_threadnum);
  sample.major_faults = static_cast<std::uint64_t>(task.pti_pageins);
  const auto faults = static_cast<std::uint64_t>(task.pti_faults);
  sample.minor_faults = faults > sample.major_faults ? faults - sample.major_faults : 0;
  sample.stat.pid = pid;
  sample.stat.start_ticks = *start;
  return sample;
}

// One call each: nothing to leave out.
std::optional<ProcessSample> sample_process_again(pid_t pid, EarlierSample&,
                                                  const std::string& proc_root) {
  return sample_process(pid, proc_root);
}

}  // namespace memwatch::procfs
