#include "tools/cli/command_trim.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "collector/intake/registry.h"
#include "collector/intake/segment.h"
#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_sample.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/render/human.h"
#include "tools/render/output.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kUsualWait{5};
constexpr useconds_t kLookEvery = 5'000;  // microseconds

struct TrimOptions {
  std::uint64_t pid = 0;
  std::chrono::nanoseconds wait = kUsualWait;
};

std::optional<intake::SegmentName> segment_of(std::uint64_t pid) {
  for (const intake::SegmentName& name : intake::living_segments()) {
    if (static_cast<std::uint64_t>(name.pid) == pid) return name;
  }
  return std::nullopt;
}

std::uint64_t resident(pid_t pid) {
  const auto sample = procfs::sample_process(pid);
  return sample ? sample->rss : 0;
}

// True: the target has served a request made now.
bool ask(const intake::Segment& segment, pid_t pid, std::uint64_t start_time,
         std::chrono::nanoseconds wait) {
  protocol::SegmentHeader& header = segment.header();
  const std::uint32_t request = header.trim_wanted.fetch_add(1, std::memory_order_relaxed) + 1;
  for (const auto end = Clock::now() + wait; Clock::now() < end; usleep(kLookEvery)) {
    // Acquire: matched by the release store in preload/give_back. Whoever asked a moment later is
    // served together with us.
    const std::uint32_t done = header.trim_done.load(std::memory_order_acquire);
    if (static_cast<std::int32_t>(done - request) >= 0) return true;
    if (procfs::process_start_ticks(pid) != start_time) return false;
  }
  return false;
}

int not_served(const protocol::SegmentHeader& header, const intake::SegmentName& name) {
  std::string why = "it has not called the allocator since; it will when it does";
  if (procfs::process_start_ticks(name.pid) != name.start_time) {
    why = "it has ended";
  } else if (protocol::without_watch(static_cast<protocol::Control>(
                 header.control.load(std::memory_order_relaxed))) == protocol::Control::idle) {
    why = fmt::format("it runs idle and notices nothing (memwatch attach --mode sample {} first)",
                      name.pid);
  }
  print_error(fmt::format("trim: process {}: {}", name.pid, why));
  return exit_status::kConditionFailed;
}

int execute(const TrimOptions& options) {
  const std::optional<intake::SegmentName> name = segment_of(options.pid);
  if (!name) {
    print_error(fmt::format("trim: process {}: {}", options.pid,
                            procfs::process_start_ticks(static_cast<pid_t>(options.pid))
                                ? "it does not carry a ring (memwatch list shows those that do)"
                                : "no such process"));
    return exit_status::kWrongUsage;
  }
  const Result<intake::Segment> segment = intake::Segment::open(name->name);
  if (!segment) {
    print_error(segment.error());
    return exit_status::kBadInput;
  }
  const std::string command =
      render::printable(render::command_line(procfs::process_command(name->pid)));
  const std::uint64_t before = resident(name->pid);
  if (!ask(*segment, name->pid, name->start_time, options.wait)) {
    return not_served(segment->header(), *name);
  }
  const std::uint64_t after = resident(name->pid);
  if (procfs::process_start_ticks(name->pid) != name->start_time) {  // may be another's by now
    return not_served(segment->header(), *name);
  }
  const std::string text = fmt::format("{} {}: RSS {} before, {} after, {} given back\n", name->pid,
                                       render::shorten_end(command, 50),
                                       render::human_bytes(before), render::human_bytes(after),
                                       render::human_bytes(before - std::min(before, after)));
  render::FdOutput output(STDOUT_FILENO, "standard output");
  output.write(text);
  return output.finish() ? exit_status::kDone : exit_status::kBadInput;
}

}  // namespace

Command register_trim(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("trim", "Ask a recorded process to give free memory back to the system");
  const auto options = std::make_shared<TrimOptions>();
  add_count(*app, "PID", options->pid, std::numeric_limits<std::int32_t>::max(), "The process")
      ->required()
      ->type_name("PID");
  add_duration(*app, "--wait", options->wait, "Give up when it has not answered by then", "5s");
  app->footer(
      "By malloc_trim, or mi_collect where mimalloc serves the program. A process notices the\n"
      "request at one of its next allocations; one that runs idle does not.");
  return Command{app, [options] { return execute(*options); }, "memwatch trim [options] PID"};
}

}  // namespace memwatch::cli
