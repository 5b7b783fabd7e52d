#include "tools/cli/command_diff.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "collector/analysis/diff.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/output_file.h"
#include "tools/cli/session_file.h"
#include "tools/cli/text_options.h"
#include "tools/render/diff.h"
#include "tools/render/html_diff.h"
#include "tools/render/html_report.h"
#include "tools/render/human.h"
#include "tools/render/signed.h"

namespace memwatch::cli {
namespace {

constexpr std::array<std::string_view, 3> kFormats = {"text", "json", "html"};

struct DiffOptions {
  std::string before, after;
  std::string metric = "live";
  std::string format = "text";
  std::string output;
  std::uint64_t top = 10;
  std::uint64_t frames = 10;
  std::uint64_t growth = 0;
  TextOptions text;
  CLI::Option* top_option = nullptr;
  CLI::Option* growth_option = nullptr;
};

int fail(const Error& error) {
  print_error(error);
  return exit_status::of(error.kind);
}

Result<model::Session> load(const std::string& path) {
  Result<model::Session> session = load_session(path);
  // Stacks are compared by name, so every one needs its names.
  if (session) symbolize_stacks(*session, all_stacks(*session));
  return session;
}

void write_html(const render::DiffContext& context, std::size_t top, render::Output& output) {
  const analysis::Diff& diff = context.diff;
  std::vector<render::HtmlDiffStack> stacks;
  stacks.reserve(diff.rows.size() + diff.same.size());
  for (const auto* rows : {&diff.rows, &diff.same}) {
    for (const analysis::StackDelta& row : *rows) {
      stacks.push_back({row.session, row.stack, row.before, row.after});
    }
  }
  render::HtmlDiff page;
  page.metric = analysis::diff_metric_name(diff.metric);
  page.is_bytes = diff.metric != analysis::DiffMetric::allocations;
  page.before = {context.before_path, diff.before.total};
  page.after = {context.after_path, diff.after.total};
  page.remarks = render::diff_doubts(context);
  page.stacks = stacks;
  page.top = top;
  render::write_html_diff(page, output);
}

// Why nobody may conclude from these sessions that nothing grew; "" if they stand for their runs.
// Two samples do, within their error: who compares them has allowed for it.
std::string why_not_judged(const analysis::Diff& diff) {
  const auto side = [](const char* name, const analysis::DiffSide& one) -> std::string {
    if (!one.session->complete) return fmt::format("{} was cut short", name);
    if (!one.lossless) return fmt::format("events were lost in {}", name);
    return one.leaks_doubt.empty() ? "" : fmt::format("in {} {}", name, one.leaks_doubt);
  };
  if (std::string why = side("the old session", diff.before); !why.empty()) return why;
  if (std::string why = side("the new session", diff.after); !why.empty()) return why;
  if (diff.doubts.different_modes) return "they were recorded in different modes";
  if (diff.metric == analysis::DiffMetric::leaked && diff.doubts.different_leak_methods) {
    return "their leaks were judged by different methods";
  }
  return "";
}

// True where the growth is more than was allowed; says so, since the text may be in a file.
bool has_grown_too_much(const DiffOptions& options, const analysis::Diff& diff) {
  const std::uint64_t before = diff.before.total, after = diff.after.total;
  if (after <= before || after - before <= options.growth) return false;
  const bool bytes = diff.metric != analysis::DiffMetric::allocations;
  print_error(fmt::format(
      "diff: {} grew by {}: more than --fail-on-growth {}", options.metric,
      bytes ? render::signed_bytes(before, after) : render::signed_count(before, after),
      bytes ? render::human_bytes(options.growth) : render::human_count(options.growth)));
  return true;
}

int execute(const DiffOptions& options) {
  if (options.format == "html" && !render::has_html_report()) {
    return fail(Error{ErrorKind::usage, "write the comparison", "--format html",
                      "this memwatch was built without the HTML page (MEMWATCH_DASHBOARD=OFF)",
                      "--format json has the same data"});
  }
  const Result<model::Session> before = load(options.before);
  if (!before) return fail(before.error());
  const Result<model::Session> after = load(options.after);
  if (!after) return fail(after.error());
  const analysis::Diff diff =
      analysis::diff_sessions(*before, *after, *analysis::diff_metric_from_name(options.metric));

  const bool to_stdout = is_standard_output(options.output);
  render::RenderOptions layout = render_options(options.text, to_stdout ? STDOUT_FILENO : -1);
  // A list for programs is whole unless --top asks otherwise.
  layout.top = options.format != "text" && options.top_option->count() == 0 ? 0 : options.top;
  layout.frames = options.frames;
  const std::array<std::string, 2> inputs = {options.before, options.after};
  const Result<UniqueFd> fd = open_result("write the comparison", options.output, inputs);
  if (!fd) return fail(fd.error());
  render::FdOutput output(fd->get(), to_stdout ? "standard output" : options.output);
  const render::DiffContext context{diff, options.before, options.after};
  if (options.format == "json") {
    render::write_diff_json(context, layout, output);
  } else if (options.format == "html") {
    write_html(context, layout.top, output);
  } else {
    render::write_diff_text(context, layout, output);
  }
  if (const Result<void> written = output.finish(); !written) return fail(written.error());
  if (options.growth_option->count() == 0) return exit_status::kDone;
  if (const std::string why = why_not_judged(diff); !why.empty()) {
    print_error(fmt::format("diff: --fail-on-growth cannot be judged: {}", why));
    return exit_status::kBadInput;
  }
  return has_grown_too_much(options, diff) ? exit_status::kConditionFailed : exit_status::kDone;
}

}  // namespace

Command register_diff(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("diff", "Compare two recorded sessions, stack by stack");
  const auto options = std::make_shared<DiffOptions>();
  app->add_option("OLD", options->before, "The session to compare with")->required();
  app->add_option("NEW", options->after, "The session to judge")->required();
  add_choice(*app, "--metric", options->metric, analysis::kDiffMetricNames, "What to compare")
      ->group("Comparison");
  options->growth_option =
      add_size(*app, "--fail-on-growth", options->growth,
               "Exit with 1 if the total grew by more than this (a count for allocations)")
          ->group("Comparison");
  add_choice(*app, "--format", options->format, kFormats, "As what")->group("Output");
  app->add_option("-o,--output", options->output, "Write there instead of to standard output")
      ->type_name("FILE")
      ->group("Output");
  options->top_option =
      add_count(*app, "--top", options->top, 1'000'000'000, "How many stacks, 0 for all",
                "10; all in json, as many as fit in html")
          ->group("Output");
  add_count(*app, "--frames", options->frames, 1'000'000'000,
            "How many lines of each stack in text, 0 for all", "10")
      ->group("Output");
  add_text_options(*app, options->text);
  app->footer(
      "Stacks match by the names of their functions and modules, so rebuilt programs compare.\n"
      "Examples:\n"
      "  memwatch diff yesterday.mw today.mw                     what is live at the end\n"
      "  memwatch diff old.mw new.mw --metric peak --top 3       who holds more at the peak\n"
      "  memwatch diff old.mw new.mw --format html -o diff.html  one page for a browser\n"
      "  memwatch diff old.mw new.mw --fail-on-growth 1MiB       for scripts: exit status 1");
  return Command{app, [options] { return execute(*options); }, "memwatch diff [options] OLD NEW"};
}

}  // namespace memwatch::cli
