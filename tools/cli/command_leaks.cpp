#include "tools/cli/command_leaks.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>

#include "collector/analysis/holders.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/selection.h"
#include "collector/analysis/suppressions.h"
#include "collector/intake/registry.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/procfs/process_identity.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/program_suppressions.h"
#include "tools/cli/record_options.h"
#include "tools/cli/recording_end.h"
#include "tools/cli/session_file.h"
#include "tools/render/holders.h"
#include "tools/render/output.h"
#include "tools/render/text.h"

namespace memwatch::cli {

namespace {

struct LeaksOptions {
  std::uint64_t pid = 0;
  CLI::Option* pid_option = nullptr;
  std::uint64_t start_ticks = 0;
  CLI::Option* start_ticks_option = nullptr;
  std::string json;
  std::string who_holds;
  CLI::Option* who_holds_option = nullptr;
  std::vector<std::string> suppression_files;
  std::chrono::nanoseconds duration = std::chrono::seconds(10);
  TextOptions text;
};

// A way to a block of each site, since only we know the sites' names.
constexpr std::uint64_t kMostHolders = 10'000;

reachability::HoldersWish wished_holders(const LeaksOptions& options) {
  reachability::HoldersWish wish;
  if (options.who_holds_option->count() == 0) return wish;
  wish.address = analysis::address_in(options.who_holds);
  if (!wish.address) wish.sites = kMostHolders;
  return wish;
}

// The first Ctrl-C ends the time of watching; a second one, and any other signal, ends memwatch,
// but not before the process has its mode back, where that is ours to do.
std::atomic<bool> g_judge_now{false};
std::atomic<int> g_ended_by{0};

void take_signals() {
  struct sigaction action {};
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  action.sa_handler = [](int) { g_judge_now.store(true, std::memory_order_relaxed); };
  sigaction(SIGINT, &action, nullptr);
  action.sa_handler = [](int number) { g_ended_by.store(number, std::memory_order_relaxed); };
  for (const int number : {SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

intake::AskerState wish() {
  if (g_ended_by.load(std::memory_order_relaxed) != 0) return intake::AskerState::is_gone;
  return g_judge_now.load(std::memory_order_relaxed) ? intake::AskerState::wants_it_now
                                                     : intake::AskerState::waits;
}

void announce_watch(const LeaksOptions& options) {
  print_note(fmt::format("watching what process {} allocates for {:.3g} s{}", options.pid,
                         std::chrono::duration<double>(options.duration).count(),
                         isatty(STDIN_FILENO) != 0 ? "; Ctrl-C judges at once" : ""));
}

// By the memwatch that records it: at once where it records exactly, else after watching.
Result<model::Session> judged_by_collector(const intake::Segment& segment,
                                           const intake::SegmentName& name,
                                           const LeaksOptions& options) {
  const protocol::SegmentHeader& header = segment.header();
  char socket[protocol::kMaxRendezvousPath];
  std::copy(std::begin(header.rendezvous), std::end(header.rendezvous), socket);
  socket[sizeof socket - 1] = '\0';
  const reachability::HoldersWish holders = wished_holders(options);
  protocol::LeaksRequest request{};
  request.pid = static_cast<std::uint32_t>(options.pid);
  request.start_time = name.start_time;
  request.who_holds_address = holders.address.value_or(0);
  request.who_holds_sites = holders.sites;
  request.watch_ms = static_cast<std::uint64_t>(
      std::chrono::ceil<std::chrono::milliseconds>(options.duration).count());
  const Result<UniqueFd> answer = intake::ask_for_leaks(
      socket, name.uid, request, {wish, [&options] { announce_watch(options); }});
  if (!answer) return answer.error();
  return load_session("/dev/fd/" + std::to_string(answer->get()));
}

// By ourselves: what is allocated from now on, for a while.
Result<model::Session> judged_after_attaching(const intake::SegmentName& segment,
                                              const LeaksOptions& options) {
  recording::RecorderOptions recording;
  recording.on_full = protocol::OnFull::drop;
  recording.follow = false;
  recording.command = procfs::process_command(segment.pid);
  Result<std::unique_ptr<recording::Recorder>> created = recording::Recorder::create(recording);
  if (!created) return created.error();
  recording::Recorder& recorder = **created;
  const Result<void> attached = recorder.attach(segment);
  if (!attached) return attached.error();
  announce_watch(options);
  const auto end = std::chrono::steady_clock::now() + options.duration;
  while (recorder.living_processes() > 0 && std::chrono::steady_clock::now() < end &&
         wish() == intake::AskerState::waits) {
    recorder.turn();
  }
  if (wish() == intake::AskerState::is_gone) {
    return Error{ErrorKind::usage,
                 "check for leaks",
                 "process " + std::to_string(segment.pid),
                 "it was given up",
                 {}};
  }
  if (recorder.living_processes() == 0) {
    return Error{ErrorKind::not_found,
                 "check for leaks",
                 "process " + std::to_string(segment.pid),
                 "it ended meanwhile",
                 {}};
  }
  return recorder.check_leaks_now(segment.pid, wished_holders(options));
}

// Who holds what was asked for, instead of the list of leaks. False where nothing was found.
Result<bool> report_holders(const model::Session& session, const LeaksOptions& options,
                            render::Output& output) {
  const auto holders = analysis::find_holders(session, options.who_holds);
  if (!holders) return holders.error();
  output.write(render::render_holders(session, *holders, options.who_holds,
                                      render_options(options.text, STDOUT_FILENO)));
  return !holders->empty();
}

int report(model::Session& session, const LeaksOptions& options,
           const std::vector<analysis::Suppression>& suppressions) {
  symbolize_stacks(session, all_stacks(session));
  name_holders(session);
  apply_all_suppressions(session, suppressions);
  const model::Process& process = session.processes.front();
  if (process.leak_check.method != model::LeakMethod::reachability) {
    print_error(fmt::format("leaks: process {}: cannot be judged: {}", options.pid,
                            process.leak_check.reason));
    return exit_status::kBadInput;
  }
  if (!options.json.empty()) {
    const Result<void> written = write_json(session, options.json);
    if (!written) {
      print_error(written.error());
      return exit_status::kBadInput;
    }
  }
  if (options.json != "-") {
    const analysis::Selection selection(session);
    render::FdOutput output(STDOUT_FILENO, "standard output");
    if (options.who_holds_option->count() > 0) {
      const Result<bool> found = report_holders(session, options, output);
      if (!found) {
        print_error(found.error());
        return exit_status::of(found.error().kind);
      }
    } else {
      output.write(render::render_text(selection, render::View::leaks, {},
                                       render_options(options.text, STDOUT_FILENO)));
    }
    const std::string& why = process.leak_check.long_pause_reason;
    output.write(fmt::format("The process stood still for {:.1f} ms{}{}.\n",
                             static_cast<double>(process.leak_check.pause_us) / 1000,
                             why.empty() ? "" : ", ", why));
    const Result<void> written = output.finish();
    if (!written) print_error(written.error());
  }
  return analysis::has_leaks(process) ? exit_status::kConditionFailed : exit_status::kDone;
}

int execute(const LeaksOptions& options) {
  if (options.pid_option->count() == 0) {
    print_error("leaks: name a process (memwatch list shows those that carry a ring)");
    return exit_status::kWrongUsage;
  }
  const Result<std::vector<analysis::Suppression>> suppressions =
      read_suppressions(options.suppression_files);
  if (!suppressions) {
    print_error(suppressions.error());
    return exit_status::kBadInput;
  }
  if (options.who_holds_option->count() > 0) {
    if (const auto checked = analysis::check_question(options.who_holds); !checked) {
      print_error(checked.error());
      return exit_status::kWrongUsage;
    }
  }
  const auto pid = static_cast<pid_t>(options.pid);
  const std::vector<intake::SegmentName> segments = intake::living_segments();
  const auto segment = std::find_if(segments.begin(), segments.end(),
                                    [&](const intake::SegmentName& s) { return s.pid == pid; });
  const std::optional<std::uint64_t> started = segment != segments.end()
                                                   ? std::optional(segment->start_time)
                                                   : procfs::process_start_ticks(pid);
  if (options.start_ticks_option->count() > 0 && started && *started != options.start_ticks) {
    print_error(
        fmt::format("leaks: process {}: the one that is meant has ended, and another has its "
                    "pid now",
                    options.pid));
    return exit_status::kWrongUsage;
  }
  if (segment == segments.end()) {
    print_error(fmt::format(
        "leaks: process {}: {}", options.pid,
        started ? "it does not carry a ring (it has to be started with memwatch run, or with "
                  "LD_PRELOAD=.../libmemwatch_preload.so)"
                : "no such process"));
    return exit_status::kWrongUsage;
  }
  const Result<intake::Segment> opened = intake::Segment::open(segment->name);
  if (!opened) {
    print_error(opened.error());
    return exit_status::kBadInput;
  }
  take_signals();
  Result<model::Session> session = intake::collector_in_charge(*opened) != 0
                                       ? judged_by_collector(*opened, *segment, options)
                                       : judged_after_attaching(*segment, options);
  if (const int number = g_ended_by.load(std::memory_order_relaxed); number != 0) {
    raise(number);  // as it would have been without us
  }
  if (!session) {
    print_error(session.error());
    const bool is_refused = session.error().kind == ErrorKind::usage;
    return is_refused ? exit_status::kWrongUsage : exit_status::kBadInput;
  }
  if (session->processes.empty()) return exit_status::kBadInput;
  return report(*session, options, *suppressions);
}

}  // namespace

Command register_leaks(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("leaks", "Check a running process for leaks; it goes on");
  const auto options = std::make_shared<LeaksOptions>();
  options->pid_option =
      add_count(*app, "PID", options->pid, std::numeric_limits<std::int32_t>::max(), "The process");
  options->pid_option->type_name("PID");
  app->add_option("--json", options->json, "Write the JSON report; - instead of the text")
      ->type_name("FILE")
      ->group("Output");
  options->who_holds_option =
      app->add_option(
             "--who-holds", options->who_holds,
             "Instead of the list: what leads from a root to the block at an address "
             "(0x...), or to blocks of stacks with a function, file or module that matches")
          ->type_name("SITE|ADDRESS")
          ->group("Leaks");
  add_duration(*app, "--duration", options->duration,
               "Of a process that is not recorded exactly: how long to watch what it allocates "
               "before that alone is judged",
               "10s")
      ->group("Leaks");
  options->start_ticks_option = add_count(
      *app, "--start-ticks", options->start_ticks, std::numeric_limits<std::int64_t>::max(),
      "When the process that is meant started, as status --json or field 22 of "
      "/proc/PID/stat has it: another that has its pid by now is not touched");
  options->start_ticks_option->group("Leaks");
  add_files(*app, "--suppressions", options->suppression_files,
            "Leaks not to be told: LeakSanitizer's syntax and Valgrind's")
      ->group("Leaks");
  add_text_options(*app, options->text);
  app->footer(
      "Exit status 0 no definite or possible leak, 1 some, 2 no such process or no ring in it.\n"
      "Examples:\n"
      "  memwatch run -- ./server &                 every block is known: judged at once\n"
      "  memwatch leaks $(pidof server)\n"
      "  memwatch leaks --who-holds 'Cache::insert' $(pidof server)\n"
      "  memwatch leaks --duration 1m --json - 4711   sampled, idle or recorded by nobody");
  return Command{app, [options] { return execute(*options); }, "memwatch leaks [options] PID"};
}

}  // namespace memwatch::cli
