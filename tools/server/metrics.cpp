#include "tools/server/metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "collector/procfs/process_sample.h"
#include "tools/render/json_words.h"
#include "tools/render/printable.h"
#include "tools/render/status.h"

namespace memwatch::server {

namespace {

using daemon::ProcessStatus;
using daemon::Source;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = prometheus::ClientMetric::Label;
using Labels = std::vector<Label>;

double real(std::uint64_t value) {
  return static_cast<double>(value);
}

// Scrapers refuse a page with a text that is no UTF-8, all of it.
Label label(std::string name, std::string_view value) {
  return {std::move(name), render::valid_utf8(value)};
}

class Family {
 public:
  Family(const char* name, const char* help, MetricType type) {
    family_.name = name;
    family_.help = help;
    family_.type = type;
  }
  void add(double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
  }
  void move_to(std::vector<MetricFamily>& families) {
    if (!family_.metric.empty()) families.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

// Of one process a figure, and where it is none, nothing.
using Figure = double (*)(const ProcessStatus&);
using Applies = bool (*)(const ProcessStatus&);
struct ProcessFamily {
  const char* name;
  const char* help;
  MetricType type;
  Applies applies;
  Figure figure;
};

bool runs(const ProcessStatus& process) {
  return process.is_running;
}
bool is_recorded(const ProcessStatus& process) {
  return process.source == Source::recorded;
}
bool has_heap(const ProcessStatus& process) {
  return process.is_running && process.source != Source::polled &&
         (process.source == Source::elsewhere || process.mode != model::Mode::idle);
}
bool has_recorded_heap(const ProcessStatus& process) {
  return is_recorded(process) && has_heap(process);
}
bool is_sample(const ProcessStatus& process) {
  return has_recorded_heap(process) && process.mode == model::Mode::sample;
}
bool runs_recorded(const ProcessStatus& process) {
  return is_recorded(process) && process.is_running;
}

constexpr auto kGauge = MetricType::Gauge;
constexpr auto kCounter = MetricType::Counter;
using P = const ProcessStatus&;

const std::vector<ProcessFamily>& process_families() {
  static const std::vector<ProcessFamily> all = {
      {"memwatch_process_heap_live_bytes", "Bytes allocated and not yet freed.", kGauge, has_heap,
       [](P p) { return real(p.live_bytes); }},
      {"memwatch_process_heap_live_deviation_bytes",
       "Standard deviation of memwatch_process_heap_live_bytes where it is an estimate.", kGauge,
       is_sample, [](P p) { return real(p.live_deviation); }},
      {"memwatch_process_heap_live_blocks", "Blocks allocated and not yet freed.", kGauge,
       has_recorded_heap, [](P p) { return real(p.live_blocks); }},
      {"memwatch_process_heap_peak_bytes", "The most bytes that were live at a time.", kGauge,
       has_recorded_heap, [](P p) { return real(p.peak_bytes); }},
      {"memwatch_process_resident_bytes", "Resident memory, as ps shows it.", kGauge, runs,
       [](P p) { return real(p.rss); }},
      {"memwatch_process_resident_peak_bytes", "The most resident memory.", kGauge, runs,
       [](P p) { return real(p.rss_peak); }},
      {"memwatch_process_external_bytes",
       "Resident memory beyond the live heap; 0 where more is live than resident.", kGauge,
       has_heap, [](P p) { return p.rss > p.live_bytes ? real(p.rss - p.live_bytes) : 0.0; }},
      {"memwatch_process_mapped_bytes", "Bytes mapped by the program's own calls of mmap.", kGauge,
       runs_recorded, [](P p) { return real(p.mapped_bytes); }},
      {"memwatch_process_allocations_total", "Successful allocations.", kCounter, is_recorded,
       [](P p) { return real(p.totals.allocations); }},
      {"memwatch_process_reallocations_total", "Successful reallocations.", kCounter, is_recorded,
       [](P p) { return real(p.totals.reallocations); }},
      {"memwatch_process_frees_total", "Frees.", kCounter, is_recorded,
       [](P p) { return real(p.totals.frees); }},
      {"memwatch_process_allocated_bytes_total", "Bytes allocated, reallocated ones included.",
       kCounter, is_recorded, [](P p) { return real(p.totals.allocated_bytes); }},
      {"memwatch_process_freed_bytes_total", "Bytes freed.", kCounter, is_recorded,
       [](P p) { return real(p.totals.freed_bytes); }},
      {"memwatch_process_failed_allocations_total", "Allocations that failed.", kCounter,
       is_recorded, [](P p) { return real(p.totals.failed); }},
      {"memwatch_process_large_allocations_total", "Allocations beyond the threshold of large.",
       kCounter, is_recorded, [](P p) { return real(p.totals.large); }},
      {"memwatch_process_lost_events_total", "Events that the daemon could not take in.", kCounter,
       is_recorded, [](P p) { return real(p.dropped); }},
  };
  return all;
}

std::size_t open_descriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  std::size_t count = 0;
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(directory);
  return count - 1;  // the directory's own
}

class Families : public prometheus::Collectable {
 public:
  explicit Families(const MetricFacts& facts) : facts_(facts) {
    for (const ProcessStatus& process : facts.status.processes) {
      const bool is_old = !process.is_running &&
                          process.ended_ago > std::chrono::duration<double>(kKeepEnded).count();
      // Images that followed one another in a process have the same pid, perhaps the same name.
      if (!is_old && seen_.insert({process.pid, process.name}).second) shown_.push_back(&process);
    }
  }

  [[nodiscard]] std::vector<MetricFamily> Collect() const override {
    std::vector<MetricFamily> families;
    add_info(families);
    for (const ProcessFamily& of : process_families()) {
      Family family(of.name, of.help, of.type);
      for (const ProcessStatus* process : shown_) {
        if (of.applies(*process)) family.add(of.figure(*process), labels(*process));
      }
      family.move_to(families);
    }
    add_measures(families);
    add_daemon(families);
    add_own_process(families);
    return families;
  }

 private:
  static Labels labels(const ProcessStatus& process) {
    return {label("pid", std::to_string(process.pid)), label("exe", process.name)};
  }

  void add_info(std::vector<MetricFamily>& families) const {
    Family info("memwatch_process_info", "A watched process; 1 while it runs, 0 after its end.",
                kGauge);
    for (const ProcessStatus* process : shown_) {
      Labels all = labels(*process);
      all.push_back(label("source", render::source_name(process->source)));
      all.push_back(
          label("mode", is_recorded(*process) ? render::mode_name(process->mode) : "none"));
      info.add(process->is_running ? 1 : 0, std::move(all));
    }
    info.move_to(families);
  }

  void add_measures(std::vector<MetricFamily>& families) const {
    Family faults("memwatch_process_page_faults_total",
                  "Page faults; major ones waited for a disk.", kCounter);
    Family swap("memwatch_process_swap_bytes", "Bytes in swap.", kGauge);
    Family usage("memwatch_process_cgroup_usage_bytes", "Memory of the process's cgroup.", kGauge);
    Family limit("memwatch_process_cgroup_limit_bytes",
                 "The limit of the process's cgroup; absent: none.", kGauge);
    Family pressure("memwatch_process_cgroup_pressure_ratio",
                    "Share of the last ten seconds in which tasks of its cgroup waited for memory.",
                    kGauge);
    Family live("memwatch_module_live_bytes",
                "Live heap by the library whose code allocated it; the largest, and other.",
                kGauge);
    Family blocks("memwatch_module_live_blocks", "The same in blocks.", kGauge);
    Family peak("memwatch_module_peak_bytes", "Its share of the heap's peak.", kGauge);
    Family site_live("memwatch_site_live_bytes",
                     "Live heap by allocation site; some of the largest, and other.", kGauge);
    Family site_blocks("memwatch_site_live_blocks", "The same in blocks.", kGauge);
    for (const daemon::ProcessMeasures& of : facts_.measures) {
      const auto process =
          std::find_if(shown_.begin(), shown_.end(), [&of](const ProcessStatus* candidate) {
            return candidate->pid == of.pid && candidate->start_ticks == of.start_ticks &&
                   candidate->is_running;
          });
      if (process == shown_.end()) continue;
      const Labels own = labels(**process);
      const auto with = [&own](const char* name, std::string_view value) {
        Labels all = own;
        all.push_back(label(name, value));
        return all;
      };
      if (of.has_last) {
        faults.add(real(of.last.minor_faults), with("kind", "minor"));
        faults.add(real(of.last.major_faults), with("kind", "major"));
        swap.add(real(of.last.swap), own);
        if (of.last.cgroup_usage != 0) usage.add(real(of.last.cgroup_usage), own);
        if (of.last.cgroup_limit != 0) limit.add(real(of.last.cgroup_limit), own);
        pressure.add(of.last.psi_some_avg10 / 100, own);
      }
      const auto add_library = [&](const daemon::LibraryShare& share, std::string_view name) {
        live.add(real(share.live_bytes), with("module", name));
        blocks.add(real(share.live_blocks), with("module", name));
        peak.add(real(share.peak_bytes), with("module", name));
      };
      for (const daemon::LibraryShare& share : of.libraries) {
        add_library(share, share.path.empty() ? "unknown" : share.path);
      }
      if (of.others.live_blocks != 0 || of.others.peak_bytes != 0) add_library(of.others, "other");
      const auto add_site = [&](const daemon::SiteShare& share, std::string_view name) {
        Labels all = with("site", name);
        all.push_back(label("function", share.label.function));
        all.push_back(label("module", share.label.module));
        site_live.add(real(share.live_bytes), all);
        site_blocks.add(real(share.live_blocks), std::move(all));
      };
      for (const daemon::SiteShare& share : of.sites) {
        add_site(share, fmt::format("{:016x}", share.site));
      }
      if (!of.sites.empty()) add_site(of.other_sites, "other");
    }
    for (Family* family : {&faults, &swap, &usage, &limit, &pressure, &live, &blocks, &peak,
                           &site_live, &site_blocks}) {
      family->move_to(families);
    }
  }

  void add_daemon(std::vector<MetricFamily>& families) const {
    const daemon::Status& status = facts_.status;
    Family build("memwatch_build_info", "The daemon's version.", kGauge);
    build.add(1, {label("version", status.version)});
    const auto running =
        static_cast<double>(std::count_if(status.processes.begin(), status.processes.end(), runs));
    Family processes("memwatch_processes", "Watched processes.", kGauge);
    processes.add(running, {label("state", "running")});
    processes.add(static_cast<double>(status.processes.size()) - running,
                  {label("state", "ended")});
    Family missed("memwatch_not_recorded_processes",
                  "Processes that carry the library and could not be recorded.", kGauge);
    missed.add(static_cast<double>(status.not_recorded));
    Family events("memwatch_events_total", "Large allocations and kinds of failures seen.",
                  kCounter);
    events.add(real(status.events_seen));
    for (Family* family : {&build, &processes, &missed, &events}) family->move_to(families);
    if (status.certificate) {
      Family until("memwatch_certificate_valid_until_seconds",
                   "When the certificate of this interface expires, since 1970.", kGauge);
      until.add(static_cast<double>(status.certificate->valid_until));
      until.move_to(families);
    }
    if (const auto& machine = facts_.machine_pressure) {
      Family pressure("memwatch_machine_pressure_ratio",
                      "Share of the last ten seconds in which tasks (some) or all of them (full) "
                      "waited for memory.",
                      kGauge);
      pressure.add(machine->some_avg10 / 100, {label("kind", "some")});
      pressure.add(machine->full_avg10 / 100, {label("kind", "full")});
      pressure.move_to(families);
    }
  }

  // Of the daemon itself, by the names that Prometheus's own clients use.
  void add_own_process(std::vector<MetricFamily>& families) const {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    Family cpu("process_cpu_seconds_total", "Processor time of the daemon.", kCounter);
    cpu.add(seconds(used.ru_utime) + seconds(used.ru_stime));
    Family start("process_start_time_seconds", "When the daemon started, since 1970.", kGauge);
    start.add(facts_.status.now - facts_.status.uptime);
    Family open("process_open_fds", "Open descriptors of the daemon.", kGauge);
    open.add(static_cast<double>(open_descriptors()));
    rlimit descriptors{};
    getrlimit(RLIMIT_NOFILE, &descriptors);
    Family most("process_max_fds", "The most that it may open.", kGauge);
    most.add(static_cast<double>(descriptors.rlim_cur));
    for (Family* family : {&cpu, &start, &open, &most}) family->move_to(families);
    if (const auto sample = procfs::sample_process(getpid())) {
      Family resident("process_resident_memory_bytes", "Resident memory of the daemon.", kGauge);
      resident.add(real(sample->rss));
      Family size("process_virtual_memory_bytes", "Addresses of the daemon.", kGauge);
      size.add(real(sample->vms));
      resident.move_to(families);
      size.move_to(families);
    }
  }

  const MetricFacts& facts_;
  std::set<std::pair<pid_t, std::string>> seen_;
  std::vector<const ProcessStatus*> shown_;
};

}  // namespace

std::string metrics_text(const MetricFacts& facts) {
  return prometheus::TextSerializer().Serialize(Families(facts).Collect());
}

}  // namespace memwatch::server
