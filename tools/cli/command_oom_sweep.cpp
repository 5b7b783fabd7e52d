#include "tools/cli/command_oom_sweep.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "collector/analysis/oom_sweep.h"
#include "collector/analysis/selection.h"
#include "collector/analysis/suppressions.h"
#include "collector/intake/registry.h"
#include "tools/cli/installation.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/output_file.h"
#include "tools/cli/program_suppressions.h"
#include "tools/cli/progress.h"
#include "tools/cli/record_options.h"
#include "tools/cli/session_file.h"
#include "tools/cli/sweep_runs.h"
#include "tools/cli/target_program.h"
#include "tools/cli/text_options.h"
#include "tools/render/oom_sweep.h"
#include "tools/render/stack_lines.h"

namespace memwatch::cli {

namespace {

constexpr std::uint64_t kMostRuns = 1'000'000;
constexpr std::size_t kHeadline = 70;

struct Options {
  std::vector<std::string> command;
  bool persistent = false;
  std::uint64_t max_runs = 1000;
  std::chrono::nanoseconds timeout{0};  // 0: by the first run
  std::string filter;
  std::vector<std::string> suppression_files;
  std::string json;
  std::uint64_t top = 10, frames = 6;
  bool quiet = false;
  TextOptions text;
};

int fail(const Error& error) {
  print_error(error);
  return exit_status::of(error.kind);
}

// From the first run to the report.
class Sweep {
 public:
  explicit Sweep(const Options& options) : options_(options) {}

  int execute() {
    if (options_.command.empty()) {
      print_error("oom-sweep: no command given (memwatch oom-sweep -- CMD [ARG...])");
      return exit_status::kWrongUsage;
    }
    if (const auto checked = analysis::check_patterns({{}, options_.filter, {}}); !checked) {
      return fail(checked.error());
    }
    auto suppressions = read_suppressions(options_.suppression_files);
    if (!suppressions) return fail(suppressions.error());
    suppressions_ = *std::move(suppressions);
    const auto found = find_target(options_.command.front());
    if (const auto* refusal = std::get_if<Refusal>(&found)) {
      const std::string_view line = refusal->line;
      print_error(line.starts_with("run: ") ? line.substr(5) : line);
      return refusal->exit_status;
    }
    Result<std::string> library = find_preload_library();
    if (!library) return fail(library.error());
    intake::sweep_stale_segments();
    program_ = {std::get<std::string>(found), options_.command, *std::move(library)};
    sweep_.command = options_.command;
    sweep_.persistent = options_.persistent;

    if (const auto learnt = learn(); !learnt) return fail(learnt.error());
    if (const auto swept = fail_one_after_another(); !swept) return fail(swept.error());
    name_stacks();
    if (const auto written = write(); !written) return fail(written.error());
    const bool found_something = std::any_of(
        sweep_.runs.begin(), sweep_.runs.end(),
        [](const analysis::SweptRun& run) { return analysis::is_finding(run.outcome); });
    if (found_something) return exit_status::kConditionFailed;
    return sweep_.interrupted ? exit_status::kSignalBase + SIGINT : exit_status::kDone;
  }

 private:
  // The undisturbed run: what there is to fail, and how the program ends without.
  Result<void> learn() {
    Result<SweepRun> run = sweep_run(program_, std::nullopt, false, options_.timeout);
    if (!run) return run.error();
    const std::string& name = options_.command.front();
    if (run->end.timed_out) {
      return Error{ErrorKind::damaged, "sweep", name,
                   "it does not end in time though nothing fails", "give it more with --timeout"};
    }
    if (is_sweep_interrupted()) {
      return Error{ErrorKind::damaged, "sweep", name, "interrupted in the first run", {}};
    }
    if (WIFSIGNALED(run->end.wait_status)) {
      return Error{
          ErrorKind::damaged, "sweep", name,
          fmt::format("signal {} ends it though nothing fails", WTERMSIG(run->end.wait_status)),
          "mend that first: memwatch run -- CMD tells more"};
    }
    if (run->recorder->recorded_processes() == 0) {
      return Error{ErrorKind::damaged, "sweep", name, "it did not load the preloaded library",
                   "memwatch doctor -- CMD tells more"};
    }
    undisturbed_ = *std::move(run);
    sweep_.exit_code = WEXITSTATUS(undisturbed_.end.wait_status);
    sweep_.seconds = undisturbed_.seconds;
    sweep_.sites = undisturbed_.sites.size();
    lost_before_ = analysis::lost_by_site(undisturbed_.session());
    return choose_sites();
  }

  Result<void> choose_sites() {
    wanted_ = undisturbed_.sites;
    if (!options_.filter.empty()) {
      std::vector<model::StackId> stacks;
      for (const FoundSite& site : wanted_) stacks.push_back(site.second);
      symbolize_stacks(undisturbed_.session(), stacks);
      const auto selection =
          analysis::Selection::create(undisturbed_.session(), {{}, options_.filter, {}});
      if (!selection) return selection.error();
      std::erase_if(wanted_,
                    [&](const FoundSite& site) { return !selection->includes(site.second); });
      sweep_.skipped = sweep_.sites - wanted_.size();
    }
    if (wanted_.size() > options_.max_runs) wanted_.resize(options_.max_runs);
    return {};
  }

  [[nodiscard]] std::chrono::nanoseconds limit() const {
    if (options_.timeout.count() > 0) return options_.timeout;
    constexpr std::chrono::seconds kLeast{10};
    constexpr int kTimes = 10;
    return kLeast +
           std::chrono::nanoseconds(static_cast<std::int64_t>(undisturbed_.seconds * kTimes * 1e9));
  }

  Result<void> fail_one_after_another() {
    ProgressLine progress("making sites fail");
    for (std::size_t i = 0; i < wanted_.size() && !is_sweep_interrupted(); ++i) {
      progress.update(i, wanted_.size());
      Result<SweepRun> run = sweep_run(program_, wanted_[i].first, options_.persistent, limit());
      if (!run) return run.error();
      if (is_sweep_interrupted()) break;  // it was killed halfway
      run->end.same_output = run->output_hash == undisturbed_.output_hash;
      sweep_.runs.push_back(judge(*run, wanted_[i]));
    }
    progress.clear();
    sweep_.interrupted = is_sweep_interrupted();
    return {};
  }

  // Suppressions need names, which take time: only where something was lost.
  analysis::SweptRun judge(const SweepRun& run, const FoundSite& site) const {
    model::Session& session = run.session();
    analysis::SweptRun judged =
        analysis::judge_run(session, run.end, sweep_.exit_code, lost_before_);
    if (judged.outcome == analysis::SweepOutcome::leaked) {
      symbolize_stacks(session, stacks_of_leaks(session));
      apply_all_suppressions(session, suppressions_);
      judged = analysis::judge_run(session, run.end, sweep_.exit_code, lost_before_);
      const analysis::LostBlocks most = analysis::most_lost(session, lost_before_);
      if (most.blocks > 0) judged.lost_at = render::stack_headline(session, most.stack, kHeadline);
    }
    judged.site = site.first;
    judged.stack = site.second;
    return judged;
  }

  static std::vector<model::StackId> stacks_of_leaks(const model::Session& session) {
    std::vector<model::StackId> stacks;
    for (const model::Process& process : session.processes) {
      for (const model::LeakRow& row : process.leaks) {
        if (row.kind == model::LeakKind::definite) stacks.push_back(row.stack);
      }
    }
    return stacks;
  }

  void name_stacks() {
    std::vector<model::StackId> stacks;
    for (const analysis::SweptRun& run : sweep_.runs) stacks.push_back(run.stack);
    symbolize_stacks(undisturbed_.session(), stacks);
  }

  Result<void> write() {
    if (!options_.json.empty()) {
      const Result<UniqueFd> fd = open_result("write the sweep", options_.json, {});
      if (!fd) return fd.error();
      const bool to_stdout = is_standard_output(options_.json);
      render::FdOutput output(fd->get(), to_stdout ? "standard output" : options_.json);
      render::write_oom_sweep_json(sweep_, undisturbed_.session(), output);
      if (const Result<void> written = output.finish(); !written) return written;
    }
    if (options_.quiet || options_.json == "-") return {};
    render::RenderOptions layout = render_options(options_.text, STDOUT_FILENO);
    layout.top = options_.top;
    layout.frames = options_.frames;
    render::FdOutput output(STDOUT_FILENO, "standard output");
    render::write_oom_sweep_text(sweep_, undisturbed_.session(), layout, output);
    return output.finish();
  }

  const Options& options_;
  std::vector<analysis::Suppression> suppressions_;
  SweepProgram program_;
  SweepRun undisturbed_;
  analysis::LostBySite lost_before_;
  std::vector<FoundSite> wanted_;
  analysis::OomSweep sweep_;
};

}  // namespace

Command register_oom_sweep(CLI::App& root) {
  CLI::App* const app = root.add_subcommand(
      "oom-sweep", "Make each allocation site of a program fail, and tell what crashes or leaks");
  const auto options = std::make_shared<Options>();
  app->add_flag("--persist", options->persistent,
                "The chosen site fails from its first call on, not only once")
      ->group("Sweep");
  app->add_option("--filter", options->filter,
                  "Only sites with a function, file or module in their stack that matches")
      ->type_name("REGEX")
      ->group("Sweep");
  add_count(*app, "--max-runs", options->max_runs, kMostRuns,
            "At most so many runs; sites are taken in the order of their first call", "1000")
      ->group("Sweep");
  add_duration(*app, "--timeout", options->timeout, "A run that takes longer hangs, and is killed",
               "10s + 10 times the first run")
      ->group("Sweep");
  add_files(*app, "--suppressions", options->suppression_files,
            "Leaks not to be told: LeakSanitizer's syntax and Valgrind's")
      ->group("Sweep");
  app->add_option("--json", options->json,
                  "Also write the result as JSON; - is standard output, without the text")
      ->type_name("FILE")
      ->group("Output");
  add_count(*app, "--top", options->top, 1'000'000'000, "How many of each outcome, 0 for all", "10")
      ->group("Output");
  add_count(*app, "--frames", options->frames, 1'000'000'000,
            "How many lines of each stack, 0 for all", "6")
      ->group("Output");
  app->add_flag("-q,--quiet", options->quiet, "No text, only the exit status and --json")
      ->group("Output");
  add_text_options(*app, options->text);
  app->add_option("CMD", options->command, "The program and its arguments")->type_name("CMD");
  app->positionals_at_end();
  app->footer(
      "CMD runs once for each site, with empty input: it must be one that may run again and "
      "again.\n"
      "Exit status: 0 all runs ended well or with an exit status, 1 one crashed, hung or leaked,\n"
      "2 wrong usage, 3 it cannot be swept.\n"
      "Examples:\n"
      "  memwatch oom-sweep -- ./app sample.conf\n"
      "  memwatch oom-sweep --filter libxml2 --json sweep.json -- xmllint sample.xml");
  return Command{app, [options] { return Sweep(*options).execute(); },
                 "memwatch oom-sweep [options] -- CMD [ARG...]"};
}

}  // namespace memwatch::cli
