#include "tools/cli/command_attach.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>

#include "collector/intake/registry.h"
#include "collector/procfs/process_identity.h"
#include "tools/cli/live_alerts.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/record_options.h"
#include "tools/cli/recording_end.h"

namespace memwatch::cli {

namespace {

struct AttachOptions {
  RecordOptions record;
  std::uint64_t pid = 0;
  CLI::Option* pid_option = nullptr;
  bool all = false;
  std::chrono::nanoseconds duration{0};
};

std::atomic<bool> g_detach{false};

void ask_to_detach(int) {
  g_detach.store(true, std::memory_order_relaxed);
}

void detach_on_signals() {
  struct sigaction action {};
  action.sa_handler = ask_to_detach;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of writing, told as such
}

std::vector<intake::SegmentName> wanted_segments(const AttachOptions& options) {
  std::vector<intake::SegmentName> segments = intake::living_segments();
  if (!options.all) {
    std::erase_if(segments, [&](const intake::SegmentName& segment) {
      return static_cast<std::uint64_t>(segment.pid) != options.pid;
    });
  }
  return segments;
}

int nothing_to_attach_to(const AttachOptions& options) {
  if (options.all) {
    print_error(
        "attach: --all: no process carries a ring (start one with "
        "LD_PRELOAD=.../libmemwatch_preload.so)");
  } else if (!procfs::process_start_ticks(static_cast<pid_t>(options.pid))) {
    print_error("attach: process " + std::to_string(options.pid) + ": no such process");
  } else if (const auto owner = procfs::process_owner(static_cast<pid_t>(options.pid));
             owner && geteuid() != 0 && owner->effective != geteuid() && owner->real != geteuid()) {
    print_error("attach: process " + std::to_string(options.pid) +
                ": it belongs to another user (uid " + std::to_string(owner->effective) +
                "): only that user or root can record it");
  } else {
    print_error("attach: process " + std::to_string(options.pid) +
                ": it does not carry a ring (it has to be started with "
                "LD_PRELOAD=.../libmemwatch_preload.so)");
  }
  return exit_status::kWrongUsage;
}

int execute(const AttachOptions& options) {
  if (options.all == (options.pid_option->count() > 0)) {
    print_error("attach: name one process, or --all");
    return exit_status::kWrongUsage;
  }
  const Result<std::vector<analysis::Suppression>> suppressions =
      read_suppressions(options.record.suppression_files);
  if (!suppressions) {
    print_error(suppressions.error());
    return exit_status::kBadInput;
  }
  const std::vector<intake::SegmentName> segments = wanted_segments(options);
  if (segments.empty()) return nothing_to_attach_to(options);

  Result<std::unique_ptr<recording::Recorder>> created = recording::Recorder::create(
      recorder_options(options.record, procfs::process_command(segments.front().pid)));
  if (!created) {
    print_error(created.error());
    return exit_status::kBadInput;
  }
  recording::Recorder& recorder = **created;
  recorder.on_warning = [](const std::string& sentence) { print_warning(sentence); };
  if (options.record.verbose) {
    recorder.on_notice = [](const std::string& sentence) { print_error(sentence); };
  }
  detach_on_signals();
  std::unique_ptr<LiveAlerts> alerts;
  if (!options.record.quiet) {
    alerts = std::make_unique<LiveAlerts>();
    recorder.on_alert = [&alerts](const recording::Alert& alert) { alerts->add(alert); };
  }
  for (const intake::SegmentName& segment : segments) {
    const Result<void> attached = recorder.attach(segment);
    if (!attached) print_error(attached.error());
  }
  if (recorder.recorded_processes() == 0) return exit_status::kBadInput;

  const model::Process& first = recorder.first_process();
  const std::string session_path =
      expand_session_name(options.record.output, static_cast<pid_t>(first.pid), first.exe);
  if (const Result<void> opened = recorder.open_file(session_path); !opened) {
    print_error(opened.error());
    return exit_status::kBadInput;
  }
  if (options.record.verbose || (isatty(STDERR_FILENO) == 1 && !options.record.quiet)) {
    print_error("attached to " + std::to_string(recorder.recorded_processes()) +
                (recorder.recorded_processes() == 1 ? " process" : " processes") +
                (options.duration.count() > 0 ? "" : ", Ctrl-C detaches"));
  }
  const auto end = std::chrono::steady_clock::now() + options.duration;
  while (!g_detach.load(std::memory_order_relaxed) && recorder.living_processes() > 0) {
    if (options.duration.count() > 0 && std::chrono::steady_clock::now() >= end) break;
    recorder.turn();
  }
  recorder.stop();
  recorder.on_alert = nullptr;
  alerts.reset();
  return end_recording(recorder, options.record, *suppressions, session_path)
             ? exit_status::kDone
             : exit_status::kBadInput;
}

}  // namespace

Command register_attach(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("attach", "Record processes that already run with the shim loaded");
  const auto options = std::make_shared<AttachOptions>();
  add_record_options(*app, options->record, "drop");
  options->pid_option =
      add_count(*app, "PID", options->pid, std::numeric_limits<std::int32_t>::max(), "The process");
  options->pid_option->type_name("PID");
  app->add_flag("--all", options->all, "Every process of yours that carries a ring")
      ->group("Recording");
  add_duration(*app, "--duration", options->duration, "Detach after this time", "until Ctrl-C")
      ->group("Recording");
  app->footer(
      "Examples:\n"
      "  LD_PRELOAD=/path/to/libmemwatch_preload.so ./server &   carry a ring, idle\n"
      "  memwatch attach $!                                      record until Ctrl-C\n"
      "  memwatch attach --duration 30s --json now.json $!       record for half a minute");
  return Command{app, [options] { return execute(*options); }, "memwatch attach [options] PID"};
}

}  // namespace memwatch::cli
