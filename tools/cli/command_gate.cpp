#include "tools/cli/command_gate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "collector/analysis/suppressions.h"
#include "collector/gate/gate_report.h"
#include "tools/cli/gate_baseline.h"
#include "tools/cli/gate_output.h"
#include "tools/cli/gate_runs.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/output_file.h"
#include "tools/cli/record_options.h"
#include "tools/cli/session_file.h"
#include "tools/cli/target_program.h"
#include "tools/render/shorten.h"

namespace memwatch::cli {
namespace {

constexpr std::uint64_t kMostRuns = 1000;

struct GateOptions {
  std::string baseline, budget;
  std::vector<std::string> candidates;
  std::vector<std::string> command;
  bool update = false;
  std::uint64_t runs = 3;
  std::string sessions;
  bool wait_all = false;
  bool show_output = false;
  std::string leak_check = "auto";
  std::vector<std::string> suppression_files;
  GateOutputOptions output;
};

int fail(const Error& error) {
  print_error(error);
  return exit_status::of(error.kind);
}

int wrong_usage(const std::string& line) {
  print_error("gate: " + line);
  return exit_status::kWrongUsage;
}

// "memwatch gate --baseline FILE --update …" for what was measured.
std::vector<std::string> update_arguments(const GateOptions& options) {
  if (options.baseline.empty() || is_session_file(options.baseline)) return {};
  std::vector<std::string> arguments = {"memwatch", "gate", "--baseline", options.baseline,
                                        "--update"};
  for (const std::string& file : options.suppression_files) {
    arguments.insert(arguments.end(), {"--suppressions", file});
  }
  if (options.leak_check != "auto") {
    arguments.insert(arguments.end(), {"--leak-check", options.leak_check});
  }
  const auto& what = options.candidates.empty() ? options.command : options.candidates;
  arguments.emplace_back(options.candidates.empty() ? "--" : "--candidate");
  arguments.insert(arguments.end(), what.begin(), what.end());
  return arguments;
}

// A run of the gate, from the options to the report. Each step returns an exit status where the
// gate ends there without a verdict.
class Gate {
 public:
  explicit Gate(const GateOptions& options) : options_(options) {}

  int execute() {
    if (const auto ended = check_usage()) return *ended;
    if (const auto ended = read_inputs()) return *ended;
    measurement_ = std::make_unique<gate::Measurement>(budget_);
    const std::optional<gate::GateReport> unmeasured =
        options_.candidates.empty() ? measure_runs() : measure_sessions();
    if (unmeasured) return finish(*unmeasured);
    gate::GateReport report = judge();
    if (const auto unchecked = check_patterns(report)) return finish(*unchecked);
    if (options_.update) {
      if (const auto ended = update(report)) return *ended;
    }
    return finish(report);
  }

 private:
  using Ended = std::optional<int>;

  Ended check_usage() const {
    const bool runs = !options_.command.empty(), sessions = !options_.candidates.empty();
    if (!runs && !sessions) {
      return wrong_usage("nothing to measure: give a command (-- CMD) or --candidate SESSION");
    }
    if (runs && sessions) return wrong_usage("give either a command or --candidate, not both");
    if (options_.baseline.empty() && options_.budget.empty()) {
      return wrong_usage("nothing to compare with: give --baseline or --budget");
    }
    if (options_.update && options_.baseline.empty()) {
      return wrong_usage("--update needs --baseline, the file to write");
    }
    if (options_.runs == 0) return wrong_usage("--runs 0 measures nothing: 1 is the least");
    if (options_.update && is_session_file(options_.baseline)) {
      return wrong_usage("--update: " + options_.baseline +
                         ": a recorded session is no baseline to write (name another file)");
    }
    const auto checked =
        check_result_path("write the verdict", options_.output.output, input_paths());
    if (!checked) return fail(checked.error());
    return std::nullopt;
  }

  [[nodiscard]] std::vector<std::string> input_paths() const {
    std::vector<std::string> paths = options_.candidates;
    paths.push_back(options_.baseline);
    paths.push_back(options_.budget);
    return paths;
  }

  Ended read_inputs() {
    auto suppressions = read_suppressions(options_.suppression_files);
    if (!suppressions) return fail(suppressions.error());
    suppressions_ = *std::move(suppressions);
    if (!options_.budget.empty()) {
      Result<gate::Budget> budget = gate::read_budget(options_.budget);
      if (!budget) return fail(budget.error());
      budget_ = *std::move(budget);
    }
    if (options_.baseline.empty()) return std::nullopt;
    if (options_.update) {
      if (const auto checked = check_replaceable(options_.baseline); !checked) {
        return fail(checked.error());
      }
    }
    Result<gate::Baseline> baseline = load_baseline(
        options_.baseline, render::command_line(update_arguments(options_)), suppressions_);
    if (baseline) {
      baseline_ = *std::move(baseline);
      return std::nullopt;
    }
    if (!options_.update) return fail(baseline.error());
    if (baseline.error().kind == ErrorKind::damaged) {
      Error error = baseline.error();
      error.remedy = "it will be replaced";
      print_warning(error.to_line());
    }
    return std::nullopt;
  }

  gate::GateReport empty_report(gate::Outcome outcome, std::string failure) const {
    gate::GateReport report;
    report.outcome = outcome;
    report.failure = std::move(failure);
    for (const gate::StackLimit& limit : budget_.stacks) {
      for (std::size_t i = 0; i < gate::kStackFigureCount; ++i) {
        if (!limit.most[i]) continue;
        report.unmeasured_limits.push_back(fmt::format(
            "{} ({})", limit.name, gate::stack_limit_key(static_cast<gate::StackFigure>(i))));
      }
    }
    return report;
  }

  gate::GateReport target_failed(int status, std::string why) const {
    gate::GateReport report = empty_report(gate::Outcome::target_failed, std::move(why));
    report.target_status = status;
    return report;
  }

  gate::GateReport not_measured(const Error& error) const {
    return empty_report(gate::Outcome::not_measured, error.to_line());
  }

  // Nothing where a baseline of other leaks can be compared with these.
  std::optional<gate::GateReport> check_leak_method() const {
    if (!baseline_ || options_.update || baseline_->leak_method == measurement_->leak_method()) {
      return std::nullopt;
    }
    return not_measured(Error{ErrorKind::damaged, "compare leaked_bytes", options_.baseline,
                              fmt::format("the baseline's leaks were judged by {}, these by {}",
                                          baseline_->leak_method, measurement_->leak_method()),
                              "make the baseline again with --update"});
  }

  // Nothing where every limit was held against something, or the verdict is clear without.
  std::optional<gate::GateReport> check_patterns(const gate::GateReport& report) const {
    if (report.outcome != gate::Outcome::passed) return std::nullopt;
    for (const gate::StackLimitResult& result : report.stack_limits) {
      if (!result.is_unchecked()) continue;
      return not_measured(Error{
          ErrorKind::damaged, "hold the run against the budget",
          fmt::format("{}:{}", options_.budget, result.limit->line),
          fmt::format("no stack matches '{}', so nobody checks its limit", result.limit->match),
          "correct the pattern, or write optional = true if it may fit nothing"});
    }
    return std::nullopt;
  }

  std::optional<gate::GateReport> measure_sessions() {
    for (const std::string& path : options_.candidates) {
      Result<model::Session> session = load_session(path);
      if (!session) return not_measured(session.error());
      if (const int status = gate::program_status(*session); status != 0) {
        return target_failed(
            status, fmt::format("{}: the recorded program failed (exit {})", path, status));
      }
      symbolize_stacks(*session, all_stacks(*session));
      if (!suppressions_.empty()) analysis::add_suppressions(*session, suppressions_);
      if (auto added = measurement_->add(*session, path); !added) {
        return not_measured(added.error());
      }
    }
    first_ = measurement_->runs();
    return check_leak_method();
  }

  std::optional<gate::GateReport> measure_runs() {
    const auto found = find_target(options_.command.front());
    if (const auto* refusal = std::get_if<Refusal>(&found)) {
      std::string why = refusal->line;
      if (why.starts_with("run: ")) why.erase(0, 5);
      return target_failed(refusal->exit_status, why);
    }
    Result<GateRuns> runs = GateRuns::create(
        GateRunOptions{options_.command, options_.sessions, options_.wait_all, options_.show_output,
                       options_.leak_check, options_.suppression_files});
    if (!runs) return not_measured(runs.error());
    if (auto ended = measure(*runs, options_.runs)) return ended;
    first_ = measurement_->runs();
    if (auto ended = check_leak_method()) return ended;
    if (options_.runs > 1 && gate::wants_confirmation(judge())) {
      return measure(*runs, gate::kConfirmingRuns);
    }
    return std::nullopt;
  }

  std::optional<gate::GateReport> measure(GateRuns& runs, std::size_t count) {
    const std::size_t last = measurement_->runs() + count;
    while (measurement_->runs() < last) {
      const std::size_t number = measurement_->runs() + 1;
      const Result<GateRun> run = runs.run(number, last);
      if (!run) return not_measured(run.error());
      if (run->status != 0) {
        return target_failed(run->status,
                             fmt::format("{}: {} in run {} of {}", options_.command.front(),
                                         run->failure, number, last));
      }
      if (auto added = measurement_->add(run->session, fmt::format("run {}", number)); !added) {
        return not_measured(added.error());
      }
    }
    return std::nullopt;
  }

  gate::GateReport judge() const {
    return gate::assess(gate::Assessment{*measurement_, baseline_ ? &*baseline_ : nullptr, first_,
                                         options_.update});
  }

  // The environment that a new baseline records; none of recorded sessions, which may come from
  // anywhere.
  [[nodiscard]] std::optional<gate::Environment> environment() const {
    if (!options_.candidates.empty()) return std::nullopt;
    return gate::current_environment(measurement_->allocator());
  }

  Ended update(gate::GateReport& report) {
    const gate::Baseline fresh =
        gate::baseline_of(*measurement_, environment(), gate::Listing::worth_a_line);
    const Result<Written> written = write_baseline(options_.baseline, fresh);
    if (!written) return fail(written.error());
    report.update = *written == Written::written ? gate::GateReport::Update::written
                                                 : gate::GateReport::Update::unchanged;
    return std::nullopt;
  }

  int finish(gate::GateReport report) const {
    report.recorded = !options_.candidates.empty();
    report.subject =
        render::command_title(report.recorded ? options_.candidates : options_.command);
    report.baseline_path = options_.baseline;
    report.update_arguments = update_arguments(options_);
    if (!report.metrics.empty() && baseline_ && baseline_->environment && !options_.update) {
      if (const auto now = environment()) {
        report.environment = gate::differences(*baseline_->environment, *now);
      }
    }
    const int status = exit_status_of(report);
    const Result<void> written = write_gate_report(report, options_.output, input_paths());
    if (!written) {
      const int failed = fail(written.error());
      return status == exit_status::kDone ? failed : status;
    }
    return status;
  }

  // Tells on stderr why there is no verdict.
  int exit_status_of(const gate::GateReport& report) const {
    const char* const kept = options_.update ? "; the baseline was not written" : "";
    switch (report.outcome) {
      case gate::Outcome::passed:
        return exit_status::kDone;
      case gate::Outcome::regressed:
        return exit_status::kConditionFailed;
      case gate::Outcome::target_failed:
        print_error(fmt::format("gate: {}{}", report.failure, kept));
        return report.target_status;
      case gate::Outcome::not_measured:
        print_error(report.failure + kept);
        return exit_status::kBadInput;
    }
    return exit_status::kBadInput;
  }

  const GateOptions& options_;
  std::vector<analysis::Suppression> suppressions_;
  gate::Budget budget_;
  std::optional<gate::Baseline> baseline_;
  std::unique_ptr<gate::Measurement> measurement_;
  std::size_t first_ = 0;  // runs before the confirming ones
};

}  // namespace

Command register_gate(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("gate", "Fail a build when a program needs more memory than before");
  const auto options = std::make_shared<GateOptions>();
  app->add_option("--baseline", options->baseline,
                  "What to compare with: a file that --update wrote, or a recorded session")
      ->type_name("FILE")
      ->group("Comparison");
  app->add_flag("--update", options->update, "Write the baseline from what is measured now")
      ->group("Comparison");
  app->add_option("--budget", options->budget, "Tolerances and limits, in TOML (docs/gate.md)")
      ->type_name("FILE")
      ->group("Comparison");
  app->add_option("--candidate", options->candidates,
                  "Judge recorded sessions of one program instead of running it")
      ->type_name("FILE...")
      ->group("Measurement");
  add_files(*app, "--suppressions", options->suppression_files,
            "Leaks not to be counted: LeakSanitizer's syntax and Valgrind's")
      ->group("Measurement");
  add_choice(*app, "--leak-check", options->leak_check, kLeakChecks,
             "As of run; with none, leaked_bytes is all that was not freed")
      ->group("Measurement");
  add_count(*app, "--runs", options->runs, kMostRuns,
            "How often to run it; 5 more where a rise has to be confirmed", "3")
      ->group("Measurement");
  app->add_flag("--wait-all", options->wait_all, "Each run ends with the last descendant")
      ->group("Measurement");
  app->add_flag("--show-output", options->show_output,
                "The program's output to stderr as it comes, not only when it fails")
      ->group("Measurement");
  app->add_option("--sessions", options->sessions, "Keep the sessions of all runs in this folder")
      ->type_name("DIR")
      ->group("Measurement");
  add_choice(*app, "--format", options->output.format, kGateFormats, "As what")->group("Output");
  app->add_option("-o,--output", options->output.output,
                  "Write there, and the text to stderr, instead of to standard output")
      ->type_name("FILE")
      ->group("Output");
  add_count(*app, "--top", options->output.top, 1'000'000'000,
            "How many stacks that grew, of each metric, 0 for all", "3")
      ->group("Output");
  add_count(*app, "--frames", options->output.frames, 1'000'000'000,
            "How many lines of each stack, 0 for all", "6")
      ->group("Output");
  app->add_flag("-q,--quiet", options->output.quiet, "No text on stderr beside the result")
      ->group("Output");
  add_text_options(*app, options->output.text);
  app->add_option("CMD", options->command, "The program and its arguments")->type_name("CMD");
  app->positionals_at_end();
  app->footer(
      "Exit status: 0 within, 1 regressed, 2 wrong usage, 3 nothing to compare with or not "
      "measured,\nthe program's own if it fails.\n"
      "Examples:\n"
      "  memwatch gate --baseline app.baseline --update -- ./app      once, and commit the file\n"
      "  memwatch gate --baseline app.baseline -- ./app               in every build\n"
      "  memwatch gate --baseline old.mw --candidate new.mw           of recorded sessions");
  return Command{app, [options] { return Gate(*options).execute(); },
                 "memwatch gate --baseline FILE [options] -- CMD [ARG...]"};
}

}  // namespace memwatch::cli
