#include "collector/daemon/poll_list.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_list.h"
#include "collector/procfs/process_sample.h"

namespace memwatch::daemon {

void PollList::poll(const WatchList& watch_list, const std::set<pid_t>& known,
                    Clock::time_point now) {
  std::map<pid_t, Polled> found;
  if (!watch_list.is_empty()) {
    const std::vector<pid_t> pids =
        geteuid() == 0 ? procfs::all_processes() : procfs::processes_of_user(geteuid());
    for (const pid_t pid : pids) {
      if (pid == getpid() || known.contains(pid)) continue;
      const ProgramNames names = program_names(pid);
      if (names.file.empty() || !watch_list.watches(names)) continue;
      const auto sample = procfs::sample_process(pid);
      const auto start = procfs::process_start_ticks(pid);
      if (!sample || sample->rss == 0 || !start) continue;  // just ended
      Polled polled;
      polled.since = now;
      const auto before = processes_.find(pid);
      if (before != processes_.end() && before->second.status.start_ticks == *start &&
          before->second.file == names.file && before->second.status.name == names.shown) {
        polled = before->second;
      } else {
        polled.status.source = Source::polled;
        polled.status.pid = pid;
        polled.status.start_ticks = *start;
        polled.file = names.file;
        polled.status.name = names.shown;
        if (const auto exe = procfs::process_executable(pid)) polled.status.exe = exe->path;
        polled.status.command = procfs::process_command(pid);
      }
      polled.status.rss = sample->rss;
      polled.status.rss_peak = std::max({polled.status.rss_peak, sample->rss_peak, sample->rss});
      found.emplace(pid, std::move(polled));
    }
  }
  processes_ = std::move(found);
  has_news_ = has_news_for_alerts_ = true;
}

void PollList::add_samples(std::int64_t time_ms, std::vector<history::ProcessSample>& samples) {
  if (!std::exchange(has_news_, false)) return;
  for (const auto& [pid, polled] : processes_) {
    history::ProcessSample row;
    row.process = {pid, polled.status.start_ticks, polled.status.name};
    row.sample.time_ms = time_ms;
    row.sample.rss = row.sample.rss_max = polled.status.rss;
    samples.push_back(std::move(row));
  }
}

std::vector<ProcessStatus> PollList::describe(Clock::time_point now) const {
  std::vector<ProcessStatus> all;
  for (const auto& [pid, polled] : processes_) {
    if (procfs::process_start_ticks(pid) != polled.status.start_ticks) continue;  // has ended since
    all.push_back(polled.status);
    all.back().watched_for = std::chrono::duration<double>(now - polled.since).count();
  }
  return all;
}

}  // namespace memwatch::daemon
