#include "tools/totals/totals.h"

#include <time.h>

#include <cstdint>
#include <utility>

#include "collector/intake/registry.h"
#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_sample.h"

namespace memwatch::totals {

namespace {

constexpr std::uint64_t kLargeBytes = 1ULL << 30;

std::uint64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

void line(std::string& text, const std::string& key, std::uint64_t value) {
  text += "  " + key + std::string(key.size() < 20 ? 20 - key.size() : 1, ' ') +
          std::to_string(value) + "\n";
}

intake::SegmentSettings exactly(const std::string& rendezvous) {
  intake::SegmentSettings settings;
  settings.large_bytes = kLargeBytes;
  settings.rendezvous = rendezvous;
  return settings;
}

}  // namespace

Totals::Totals() : started_ms_(now_ms()) {}

Totals::Process Totals::look_at(pid_t pid) {
  Process process{pid, {}, {}};
  if (const auto executable = procfs::process_executable(pid)) process.exe = executable->path;
  sample(process);
  return process;
}

void Totals::sample(Process& process) {
  const auto sample = procfs::sample_process(process.pid);
  if (!sample || sample->rss == 0) return;
  process.rss = sample->rss;
  process.footprint = sample->footprint;
}

void Totals::add(Process process, intake::Segment segment, bool attaching) {
  process.tracked = std::make_unique<intake::TrackedProcess>(std::move(segment), table_,
                                                             process.exe, kLargeBytes, attaching);
  processes_.push_back(std::move(process));
}

Result<void> Totals::welcome(intake::Visitor visitor, const std::string& rendezvous) {
  const pid_t pid = visitor.pid;
  auto segment = intake::Segment::create(pid, visitor.hello.start_time,
                                         protocol::ordinary_geometry(), exactly(rendezvous));
  if (!segment) {
    intake::decline(std::move(visitor));
    return segment.error();
  }
  const bool is_fork_child = visitor.hello.is_fork_child != 0;
  Process process = look_at(pid);  // while it waits: then it may end at any moment
  intake::hand_over(std::move(visitor), *segment);
  add(std::move(process), *std::move(segment), false);
  processes_.back().tracked->live().set_inherits_blocks(is_fork_child);
  return {};
}

Result<void> Totals::attach(pid_t pid) {
  for (const intake::SegmentName& name : intake::living_segments()) {
    if (name.pid != pid) continue;
    auto segment = intake::Segment::open(name.name);
    if (!segment) return segment.error();
    if (intake::collector_in_charge(*segment) != 0) {
      return Error{ErrorKind::usage,
                   "attach",
                   "process " + std::to_string(pid),
                   "somebody else records it",
                   {}};
    }
    intake::take_charge(*segment);
    intake::SegmentSettings settings = exactly({});
    settings.on_full = protocol::OnFull::drop;
    add(look_at(pid), *std::move(segment), true);
    processes_.back().tracked->segment().apply(settings);
    return {};
  }
  return Error{ErrorKind::not_found,
               "attach",
               "process " + std::to_string(pid),
               "it does not carry the library",
               {}};
}

bool Totals::turn() {
  const std::uint64_t now = now_ms();
  bool any = false;
  for (Process& process : processes_) {
    protocol::SegmentHeader& header = process.tracked->segment().header();
    header.heartbeat_ms.store(now, std::memory_order_relaxed);
    header.epoch.store(now - started_ms_, std::memory_order_relaxed);
    if (process.tracked->drain() > 0) any = true;
    sample(process);
  }
  return any;
}

void Totals::finish() {
  for (Process& process : processes_) {
    intake::Segment& segment = process.tracked->segment();
    intake::SegmentSettings settings;
    settings.control = protocol::Control::idle;
    settings.on_full = protocol::OnFull::drop;
    segment.apply(settings);
    process.tracked->drain_to_end();
    process.tracked->collect_losses();
    // Who has not set itself up ran unrecorded. Acquire: matched by the release in preload/session.
    if (segment.header().ready.load(std::memory_order_acquire) != 1) {
      process.tracked->live().facts.losses.exact = false;
    }
    intake::release_charge(segment);
    const auto start = procfs::process_start_ticks(process.pid);
    if (!start || *start != segment.header().start_time) segment.remove();
  }
}

std::string Totals::text() {
  std::string text;
  for (const Process& process : processes_) {
    const model::Process& facts = process.tracked->live().facts;
    text += "process " + std::to_string(process.pid) + " " + process.exe + "\n";
    for (std::size_t i = 1; i < kFunctionCount; ++i) {
      const std::uint64_t calls = facts.functions[i].calls;
      if (calls > 0) line(text, std::string(function_name(static_cast<Function>(i))), calls);
    }
    line(text, "allocations", facts.totals.allocations);
    line(text, "frees", facts.totals.frees);
    line(text, "reallocations", facts.totals.reallocations);
    line(text, "allocated bytes", facts.totals.allocated_bytes);
    line(text, "failed", facts.totals.failed);
    line(text, "live blocks", facts.heap.live_blocks);
    line(text, "live bytes", facts.heap.live_bytes);
    line(text, "peak bytes", facts.heap.peak_bytes);
    line(text, "lost allocations", facts.losses.dropped_allocations);
    line(text, "lost frees", facts.losses.dropped_frees);
    line(text, "damaged records", facts.losses.damaged_records);
    line(text, "children unrecorded", facts.losses.children_unrecorded);
    line(text, "stacks cut off", facts.losses.truncated_stacks);
    line(text, "resident bytes", process.rss);
    if (process.footprint > 0) line(text, "footprint bytes", process.footprint);
    text += facts.losses.nothing_lost() ? "  exact: nothing was lost\n" : "  not exact\n";
  }
  std::size_t modules = 0, with_id = 0;
  for (const model::Module& module : session_.modules) {
    if (module.path.empty()) continue;  // stands for code that is in none
    ++modules;
    with_id += module.build_id.empty() ? 0 : 1;
  }
  text += "modules in stacks: " + std::to_string(modules) +
          ", with a build id: " + std::to_string(with_id) + "\n";
  return text;
}

}  // namespace memwatch::totals
