#include "tools/cli/command_run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "collector/analysis/leaks.h"
#include "collector/intake/registry.h"
#include "collector/procfs/own_allocator.h"
#include "collector/procfs/program_kind.h"
#include "tools/cli/installation.h"
#include "tools/cli/live_alerts.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/record_options.h"
#include "tools/cli/recording_end.h"
#include "tools/cli/stack_judge.h"
#include "tools/cli/target_process.h"
#include "tools/cli/target_program.h"

namespace memwatch::cli {

namespace {

constexpr std::array<std::string_view, 3> kUnwinders = {"builtin", "libunwind", "verify"};
constexpr std::array<std::string_view, 2> kAllocators = {"system", "mimalloc"};

struct RunOptions {
  RecordOptions record;
  std::vector<std::string> command;
  std::uint64_t error_exit_code = 0;
  CLI::Option* error_exit_code_option = nullptr;
  std::vector<std::string> fail_on;
  std::string unwinder = "builtin";
  std::string allocator = "system";
  std::string inject_failure;
  CLI::Option* inject_failure_option = nullptr;
  bool wait_all = false;
  bool strict = false;
};

int status_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return exit_status::kSignalBase + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

bool has_failed_on(const RunOptions& options, const model::Session& session) {
  for (const std::string& what : options.fail_on) {
    for (const model::Process& process : session.processes) {
      if (what == "failures" && process.totals.failed > 0) return true;
      if (what == "large" && process.totals.large > 0) return true;
      if (what == "leaks" && analysis::has_leaks(process)) return true;
    }
  }
  return false;
}

// Who fails on leaks is owed the reason where nobody could look for them, or not with everything
// seen: the status alone would say that there are none, or some.
RecordOptions options_of_end(const RunOptions& options) {
  RecordOptions record = options.record;
  const auto& fail_on = options.fail_on;
  const bool wants_verdicts = std::find(fail_on.begin(), fail_on.end(), "leaks") != fail_on.end();
  if (wants_verdicts && record.leak_check == "auto") record.leak_check = "full";
  return record;
}

// Runs the program without recording: it matters more than the trace.
int run_unrecorded(const RunOptions& options, const std::string& path) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  Result<TargetProcess> target = TargetProcess::start(path, options.command, environment);
  if (!target) {
    print_error(target.error());
    return target.error().kind == ErrorKind::not_found ? exit_status::kNotFound
                                                       : exit_status::kCannotExecute;
  }
  while (!target->has_ended()) usleep(10'000);
  return status_of(target->collect().wait_status);
}

int cannot_record(const RunOptions& options, const std::string& path, const Error& error) {
  if (options.strict) {
    print_error(error);
    return exit_status::kRunFailed;
  }
  print_warning(error.to_line() + "; the program runs unrecorded");
  return run_unrecorded(options, path);
}

// mimalloc's library, unless the program brings its own allocator: two in one process free each
// other's blocks.
Result<std::string> mimalloc_for(const std::string& program) {
  const Result<procfs::OwnAllocator> own = procfs::find_own_allocator(program);
  if (own && (own->exports("malloc") || own->exports("free"))) {
    return Error{ErrorKind::usage, "serve the program from mimalloc", program,
                 "it brings its own allocator (" + std::string(own->description()) + ")",
                 "run it without --allocator"};
  }
  const Result<procfs::ProgramKind> kind = procfs::inspect_program(program);
  if (kind && kind->elf.interpreter.find("/ld-musl-") != std::string::npos) {
    return Error{ErrorKind::usage, "serve the program from mimalloc", program,
                 "it is a program of musl, and the library that is installed here is for glibc",
                 "run it without --allocator"};
  }
  return find_mimalloc();
}

// Which calls are to fail, into the recorder's options; what has to be asked about stacks.
Result<StackQuestion> take_injection(const RunOptions& options,
                                     recording::RecorderOptions* settings) {
  if (options.record.mode != "exact") {
    return Error{ErrorKind::usage, "make calls fail", "--mode " + options.record.mode,
                 "only in exact mode every call is looked at", "leave out --mode"};
  }
  Result<recording::Injection> injection = recording::parse_injection(options.inject_failure);
  if (!injection) return injection.error();
  Result<StackQuestion> question = stack_question_for(*injection);
  if (question) settings->injection = *std::move(injection);
  return question;
}

// Nobody shall take it for a program that survived.
void warn_if_none_failed(const RunOptions& options, const model::Session& session) {
  if (options.inject_failure_option->count() == 0) return;
  for (const model::Process& process : session.processes) {
    for (const model::Failure& failure : process.failures) {
      if (failure.injected) return;
    }
  }
  print_warning("no call was made to fail: none met " + options.inject_failure);
}

// Records until the program (with --wait-all: its last descendant) has ended.
TargetEnd record(recording::Recorder& recorder, TargetProcess& target, bool wait_all) {
  while (!target.has_ended()) recorder.turn();
  // It may have introduced itself while memwatch was kept from looking, and have ended since.
  recorder.welcome_visitors();
  const TargetEnd end = target.collect();
  recorder.child_ended(target.pid(), end.wait_status, end.max_rss_bytes);
  while (wait_all && recorder.living_processes() > 0) recorder.turn();
  recorder.await_children();
  return end;
}

int execute(const RunOptions& options) {
  if (options.command.empty()) {
    print_error("run: no command given (memwatch run -- CMD [ARG...])");
    return exit_status::kRunFailed;
  }
  if (options.record.json == "-") {
    print_error("run: --json -: standard output belongs to the program (name a file)");
    return exit_status::kRunFailed;
  }
  const Result<std::vector<analysis::Suppression>> suppressions =
      read_suppressions(options.record.suppression_files);
  if (!suppressions) {
    print_error(suppressions.error());
    return exit_status::kRunFailed;
  }
  const auto found = find_target(options.command.front());
  if (const auto* refusal = std::get_if<Refusal>(&found)) {
    print_error(refusal->line);
    return refusal->exit_status;
  }
  const std::string& path = std::get<std::string>(found);
  recording::RecorderOptions settings = recorder_options(options.record, options.command);
  Result<StackQuestion> stack_question = StackQuestion{};
  if (options.inject_failure_option->count() > 0) {
    stack_question = take_injection(options, &settings);
    if (!stack_question) {
      print_error(stack_question.error());
      return exit_status::kRunFailed;
    }
  }

  Result<std::string> library = find_preload_library();
  if (!library) return cannot_record(options, path, library.error());
  if (options.allocator == "mimalloc") {
    const Result<std::string> mimalloc = mimalloc_for(path);
    if (!mimalloc) {
      print_error(mimalloc.error());
      return exit_status::kRunFailed;
    }
    *library += ":" + *mimalloc;  // behind the shim, so that it is what the shim finds next
  }
  intake::sweep_stale_segments();
  Result<std::unique_ptr<recording::Recorder>> created =
      recording::Recorder::create(std::move(settings));
  if (!created) return cannot_record(options, path, created.error());
  recording::Recorder& recorder = **created;
  recorder.on_stack_question = *stack_question;
  recorder.on_warning = [](const std::string& sentence) { print_warning(sentence); };
  if (options.record.verbose) {
    recorder.on_notice = [](const std::string& sentence) { print_error(sentence); };
  }

  Result<TargetProcess> target = TargetProcess::start(
      path, options.command,
      traced_environment(*library, recorder.rendezvous_path(), options.record.follow,
                         options.unwinder, options.allocator));
  if (!target) {
    print_error(target.error());
    return target.error().kind == ErrorKind::not_found ? exit_status::kNotFound
                                                       : exit_status::kCannotExecute;
  }
  const std::string session_path = expand_session_name(options.record.output, target->pid(), path);
  if (const Result<void> opened = recorder.open_file(session_path); !opened) {
    print_warning(opened.error().to_line() + "; the program runs on, nothing is written");
  }

  TargetEnd end;
  {
    std::unique_ptr<LiveAlerts> alerts;
    if (!options.record.quiet) {
      alerts = std::make_unique<LiveAlerts>();
      recorder.on_alert = [&alerts](const recording::Alert& alert) { alerts->add(alert); };
    }
    end = record(recorder, *target, options.wait_all);
    recorder.stop();
    recorder.on_alert = nullptr;
  }
  // Of children that waited for us in vain and made one of their own, which an exec leaves behind.
  intake::sweep_stale_segments();
  if (recorder.recorded_processes() == 0 && recorder.declined_processes() == 0) {
    print_warning("nothing was recorded: " + path +
                  " did not load the preloaded library (memwatch doctor -- " +
                  options.command.front() + " tells more)");
  }
  if (recorder.recorded_processes() > 0) warn_if_none_failed(options, recorder.session());
  end_recording(recorder, options_of_end(options), *suppressions, session_path);
  const int status = status_of(end.wait_status);
  const bool failed = status == 0 && options.error_exit_code_option->count() > 0 &&
                      has_failed_on(options, recorder.session());
  return failed ? static_cast<int>(options.error_exit_code) : status;
}

}  // namespace

Command register_run(CLI::App& root) {
  CLI::App* const app = root.add_subcommand("run", "Start a program and record what it allocates");
  const auto options = std::make_shared<RunOptions>();
  add_record_options(*app, options->record, "block");
  options->error_exit_code_option =
      add_count(*app, "--error-exitcode", options->error_exit_code, 255,
                "Exit with this if the program succeeds but something of --fail-on happened")
          ->type_name("N")
          ->group("Exit status");
  app->add_option("--fail-on", options->fail_on, "What counts for --error-exitcode")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Validator(CLI::IsMember({"leaks", "failures", "large"})).description(""))
      ->type_name("leaks,failures,large")
      ->group("Exit status");
  add_choice(*app, "--unwinder", options->unwinder, kUnwinders,
             "How stacks are captured; verify compares each with libunwind's (slow)")
      ->group("Recording");
  add_choice(*app, "--allocator", options->allocator, kAllocators,
             "What serves the program's allocations underneath")
      ->group("Recording");
  options->inject_failure_option =
      app->add_option("--inject-failure", options->inject_failure,
                      "Make calls for memory fail: nth=N, every=N, prob=P:seed=S, size>=SIZE, "
                      "over=SIZE, stack=REGEX, joined by commas; each process counts for itself")
          ->type_name("SPEC")
          ->group("Recording");
  app->add_flag("--wait-all", options->wait_all,
                "Go on until the last descendant has ended, not only the program itself")
      ->group("Recording");
  app->add_flag("--strict", options->strict,
                "Do not start the program if it cannot be recorded (it runs unrecorded otherwise)")
      ->group("Recording");
  app->add_option("CMD", options->command, "The program and its arguments")->type_name("CMD");
  app->positionals_at_end();
  app->footer(
      "Examples:\n"
      "  memwatch run -- ./server --port 80                 a summary on stderr at the end\n"
      "  memwatch run -o app.mw --large 64MiB -- ./app      tell of blocks of 64 MiB and more\n"
      "  memwatch report memwatch-server-4711.mw --view peak  the next step");
  Command command{app, [options] { return execute(*options); },
                  "memwatch run [options] -- CMD [ARG...]"};
  command.wrong_usage = exit_status::kRunFailed;
  command.internal_failure = exit_status::kRunFailed;
  return command;
}

}  // namespace memwatch::cli
