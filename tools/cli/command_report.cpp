#include "tools/cli/command_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "collector/analysis/cost.h"
#include "collector/analysis/holders.h"
#include "collector/analysis/selection.h"
#include "collector/base/unique_fd.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/report_format.h"
#include "tools/cli/session_file.h"
#include "tools/cli/text_options.h"
#include "tools/render/background_output.h"
#include "tools/render/holders.h"
#include "tools/render/html_report.h"
#include "tools/render/json_report.h"
#include "tools/render/text.h"

namespace memwatch::cli {
namespace {

constexpr std::array<std::string_view, 9> kFormats = {
    "text", "json", "html", "collapsed", "csv", "pprof", "speedscope", "massif", "heaptrack"};

constexpr std::array<std::string_view, 3> kSensitivities = {"low", "medium", "high"};

struct ReportOptions {
  std::string session;
  std::string view = "summary";
  std::string format = "text";
  std::string output;
  std::uint64_t pid = 0;
  std::uint64_t top = 10;
  std::uint64_t frames = 10;
  std::string filter, exclude;
  std::string cost = "peak";
  std::string sensitivity = "medium";
  std::string who_holds;
  CLI::Option* who_holds_option = nullptr;
  TextOptions text;
  CLI::Option* pid_option = nullptr;
  CLI::Option* top_option = nullptr;
  std::vector<CLI::Option*> selective;  // which not every format can honour
};

// stdout, or the file of -o. Never the session itself: MEMWATCH_OUTPUT may be set for `run`.
Result<UniqueFd> open_output(const ReportOptions& options) {
  if (options.output.empty() || options.output == "-") return UniqueFd(::dup(STDOUT_FILENO));
  struct stat session {
  }, output{};
  if (::stat(options.session.c_str(), &session) == 0 &&
      ::stat(options.output.c_str(), &output) == 0 && session.st_dev == output.st_dev &&
      session.st_ino == output.st_ino) {
    return Error{ErrorKind::usage, "write the report", options.output, "it is the session itself",
                 "name another file with -o"};
  }
  UniqueFd fd(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.is_open()) return system_error("write the report", options.output, errno);
  return fd;
}

std::vector<model::StackId> stacks_to_symbolize(const ReportOptions& options,
                                                const model::Session& session,
                                                const analysis::SelectionOptions& wanted,
                                                const render::RenderOptions& layout) {
  // Patterns look at names, so names have to be known before anything can be selected.
  const bool patterns = !wanted.filter.empty() || !wanted.exclude.empty();
  const bool who_holds = options.who_holds_option->count() > 0;
  if (options.format != "text" || patterns || who_holds) return all_stacks(session);
  const auto selection = analysis::Selection::create(session, wanted);
  if (!selection) return {};
  return render::stacks_in_view(*selection, *render::view_from_name(options.view), layout);
}

FormatRequest format_request(const ReportOptions& options) {
  FormatRequest request;
  request.format = options.format;
  request.file = options.output;
  request.cost = *analysis::cost_from_name(options.cost);
  // A list for programs is whole unless --top asks otherwise.
  request.top = options.top_option->count() > 0 ? options.top : 0;
  for (const CLI::Option* option : options.selective) {
    if (option->count() > 0) request.given.push_back(option->get_name());
  }
  return request;
}

analysis::Sensitivity sensitivity_of(const ReportOptions& options) {
  if (options.sensitivity == "low") return analysis::Sensitivity::low;
  return options.sensitivity == "high" ? analysis::Sensitivity::high
                                       : analysis::Sensitivity::medium;
}

Result<void> write_report(const ReportOptions& options, const FormatRequest& request,
                          const analysis::Selection& selection, const render::RenderOptions& layout,
                          render::Output& output) {
  if (options.format == "json") {
    render::write_json_report(
        selection,
        {.top = request.top, .cost = request.cost, .sensitivity = sensitivity_of(options)}, output);
  } else if (options.format == "html") {
    render::write_html_report(selection,
                              {.session_path = options.session,
                               .top = request.top,
                               .cost = request.cost,
                               .filter = options.filter,
                               .exclude = options.exclude},
                              output);
  } else if (options.who_holds_option->count() > 0) {
    const auto holders = analysis::find_holders(selection.session(), options.who_holds);
    if (!holders) return holders.error();
    output.write(render::render_holders(selection.session(), *holders, options.who_holds, layout));
  } else if (options.format == "text") {
    output.write(render::render_text(selection, *render::view_from_name(options.view),
                                     options.session, layout));
  } else if (const Result<bool> written = write_format(request, selection, output); !written) {
    return written.error();
  }
  return {};
}

int fail(const Error& error) {
  print_error(error);
  return exit_status::of(error.kind);
}

int execute(const ReportOptions& options) {
  analysis::SelectionOptions wanted;
  if (options.pid_option->count() > 0) wanted.pid = static_cast<std::uint32_t>(options.pid);
  wanted.filter = options.filter;
  wanted.exclude = options.exclude;
  if (const auto checked = analysis::check_patterns(wanted); !checked) return fail(checked.error());
  const FormatRequest request = format_request(options);
  if (const auto checked = check_format(request); !checked) return fail(checked.error());

  if (options.who_holds_option->count() > 0 && options.format != "text") {
    return fail(Error{ErrorKind::usage, "report", "--format " + options.format,
                      "cannot honour --who-holds: it is text",
                      "--format json has all ways that were kept, as leaks.holders"});
  }
  if (options.format == "html" && !render::has_html_report()) {
    return fail(Error{ErrorKind::usage, "write the report", "--format html",
                      "this memwatch was built without the HTML page (MEMWATCH_DASHBOARD=OFF)",
                      "--format json has the same data"});
  }

  Result<model::Session> session = load_session(options.session);
  if (!session) return fail(session.error());
  const bool to_stdout = options.output.empty() || options.output == "-";
  render::RenderOptions layout = render_options(options.text, to_stdout ? STDOUT_FILENO : -1);
  layout.top = options.top;
  layout.frames = options.frames;
  layout.sensitivity = sensitivity_of(options);

  symbolize_stacks(*session, stacks_to_symbolize(options, *session, wanted, layout));
  const Result<analysis::Selection> selection = analysis::Selection::create(*session, wanted);
  if (!selection) return fail(selection.error());
  if (const auto checked = check_format(request, *selection); !checked) {
    return fail(checked.error());
  }

  const Result<UniqueFd> fd = open_output(options);
  if (!fd) return fail(fd.error());
  render::FdOutput output(fd->get(), to_stdout ? "standard output" : options.output);
  {
    render::BackgroundOutput background(output);
    const Result<void> rendered = write_report(options, request, *selection, layout, background);
    if (!rendered) return fail(rendered.error());
  }
  const Result<void> written = output.finish();
  if (!written) return fail(written.error());
  return exit_status::kDone;
}

}  // namespace

Command register_report(CLI::App& root) {
  CLI::App* const app = root.add_subcommand("report", "Show a recorded session");
  const auto options = std::make_shared<ReportOptions>();
  app->add_option("SESSION", options->session, "The session file")->required();

  const auto add_selective = [&](CLI::Option* option, const char* group) {
    options->selective.push_back(option->group(group));
  };
  add_selective(
      add_choice(*app, "--view", options->view, render::kViewNames, "What to show as text"),
      "Report");
  add_choice(*app, "--format", options->format, kFormats, "As what")->group("Report");
  add_selective(add_choice(*app, "--cost", options->cost, analysis::kCostNames,
                           "The number per stack in collapsed, speedscope and at first in html, "
                           "what pprof shows first, and the order in json and csv"),
                "Report");
  add_choice(*app, "--sensitivity", options->sensitivity, kSensitivities,
             "From how small and how short signs on growth is told, in text and json")
      ->group("Report");
  app->add_option("-o,--output", options->output, "Write there instead of to standard output")
      ->type_name("FILE")
      ->group("Report");

  options->who_holds_option =
      app->add_option(
             "--who-holds", options->who_holds,
             "Instead of a view: what led from a root, at the end, to blocks of stacks "
             "with a function, file or module that matches, or to one at an address (0x...)")
          ->type_name("SITE|ADDRESS")
          ->group("Report");
  add_selective(options->who_holds_option, "Report");

  options->pid_option =
      add_count(*app, "--pid", options->pid, std::numeric_limits<std::uint32_t>::max(),
                "Only this process of the tree")
          ->type_name("PID")
          ->group("Selection");
  add_selective(app->add_option("--filter", options->filter,
                                "Only stacks with a function, file or module that matches")
                    ->type_name("REGEX"),
                "Selection");
  add_selective(app->add_option("--exclude", options->exclude,
                                "No stacks with a function, file or module that matches")
                    ->type_name("REGEX"),
                "Selection");
  options->top_option =
      add_count(*app, "--top", options->top, 1'000'000'000, "How many rows, 0 for all",
                "10; all but in text, as many as fit in html");
  add_selective(options->top_option, "Selection");
  add_count(*app, "--frames", options->frames, 1'000'000'000,
            "How many lines of each stack in text, 0 for all", "10")
      ->group("Selection");
  add_text_options(*app, options->text);

  app->footer(
      "Examples:\n"
      "  memwatch report app.mw                                  the summary\n"
      "  memwatch report app.mw --view peak --top 3              who held the heap at its peak\n"
      "  memwatch report app.mw --view leaks --exclude libcrypto what was not freed, less one "
      "library\n"
      "  memwatch report app.mw --who-holds 'Cache::insert'      what kept its blocks alive at the "
      "end\n"
      "  memwatch report app.mw --format collapsed -o app.txt    for flame graph tools\n"
      "  memwatch report app.mw --format pprof -o app.pb.gz      for `go tool pprof`\n"
      "  memwatch report app.mw --format heaptrack -o app.zst    for heaptrack_gui\n"
      "  memwatch report app.mw --format html -o app.html        one page for a browser\n"
      "  memwatch report app.mw --format json | jq '.processes[].totals'");
  return Command{app, [options] { return execute(*options); }, "memwatch report [options] SESSION"};
}

}  // namespace memwatch::cli
