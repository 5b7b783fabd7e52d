#include "tools/cli/command_list.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "collector/intake/registry.h"
#include "collector/intake/segment.h"
#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_sample.h"
#include "tools/cli/text_options.h"
#include "tools/render/human.h"
#include "tools/render/output.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::cli {

namespace {

struct Row {
  pid_t pid = 0;
  std::string mode, collector, live, rss, command;
};

const char* mode_name(std::uint32_t control) {
  const auto mode = protocol::without_watch(static_cast<protocol::Control>(control));
  if (mode == protocol::Control::exact) return "exact";
  return mode == protocol::Control::sample ? "sample" : "idle";
}

Row describe(const intake::SegmentName& name, const intake::Segment& segment) {
  const protocol::SegmentHeader& header = segment.header();
  Row row;
  row.pid = name.pid;
  row.mode = mode_name(header.control.load(std::memory_order_relaxed));
  const std::uint32_t collector = intake::collector_in_charge(segment);
  row.collector = collector != 0 ? std::to_string(collector) : "-";
  // Only a collector knows the live heap: it writes it here as it drains.
  row.live =
      collector != 0 ? render::human_bytes(header.live_bytes.load(std::memory_order_relaxed)) : "-";
  if (const auto sample = procfs::sample_process(name.pid)) {
    row.rss = render::human_bytes(sample->rss);
  }
  row.command = render::printable(render::command_line(procfs::process_command(name.pid)));
  return row;
}

// Shortened on a terminal only: a pipe gets it whole, for those who search in it.
std::string fit(const std::string& command) {
  if (isatty(STDOUT_FILENO) != 1) return command;
  return render::shorten_end(command, std::max<std::size_t>(text_width(STDOUT_FILENO), 80) - 54);
}

int execute() {
  intake::sweep_stale_segments();
  std::string text;
  for (const intake::SegmentName& name : intake::living_segments()) {
    const Result<intake::Segment> segment = intake::Segment::open(name.name);
    if (!segment) continue;  // just starting or just ended
    const Row row = describe(name, *segment);
    if (text.empty()) {
      text = fmt::format("{:>8}  {:<6} {:>10} {:>11} {:>11}  {}\n", "PID", "MODE", "COLLECTOR",
                         "LIVE HEAP", "RSS", "COMMAND");
    }
    text += fmt::format("{:>8}  {:<6} {:>10} {:>11} {:>11}  {}\n", row.pid, row.mode, row.collector,
                        row.live, row.rss, fit(row.command));
  }
  if (text.empty()) {
    text =
        "no process of yours carries a ring; start one with\n"
        "  memwatch run -- CMD                                recorded from its first allocation\n"
        "  LD_PRELOAD=/path/to/libmemwatch_preload.so CMD     idle until memwatch attach PID\n";
  }
  render::FdOutput output(STDOUT_FILENO, "standard output");
  output.write(text);
  return output.finish() ? exit_status::kDone : exit_status::kBadInput;
}

}  // namespace

Command register_list(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("list", "Show the processes that carry a ring, recorded or idle");
  app->footer("The next step: memwatch attach PID");
  return Command{app, [] { return execute(); }, "memwatch list"};
}

}  // namespace memwatch::cli
