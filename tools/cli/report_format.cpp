#include "tools/cli/report_format.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "collector/analysis/chosen_process.h"
#include "tools/cli/message.h"
#include "tools/cli/session_file.h"
#include "tools/render/background_output.h"
#include "tools/render/collapsed.h"
#include "tools/render/compressed_output.h"
#include "tools/render/csv.h"
#include "tools/render/heaptrack.h"
#include "tools/render/human.h"
#include "tools/render/massif.h"
#include "tools/render/pprof.h"
#include "tools/render/speedscope.h"

namespace memwatch::cli {
namespace {

using analysis::Cost;

// What a format cannot honour, and why.
struct Refusal {
  std::string_view format, option, why, remedy;
};

constexpr std::string_view kNoView = "a view is text";
constexpr std::string_view kCostInstead = "--cost chooses the number";

constexpr auto kRefusals = std::to_array<Refusal>({
    {"collapsed", "--view", kNoView, kCostInstead},
    {"html", "--view", kNoView, "the page has them all"},
    {"csv", "--view", kNoView, "it has a column for every number"},
    {"speedscope", "--view", kNoView, kCostInstead},
    {"pprof", "--view", kNoView, "it has allocations and what was live at the end"},
    {"massif", "--view", kNoView, "it has the timeline, the peak and the end"},
    {"massif", "--cost", "its trees are those of the peak and of the end", "leave it out"},
    {"massif", "--top", "it keeps what holds 1 % of the heap", "ms_print --threshold shows less"},
    {"heaptrack", "--view", kNoView, "it has every number"},
    {"heaptrack", "--cost", "it has every number", "leave it out"},
    {"heaptrack", "--top", "its totals are sums over all stacks", "heaptrack_print -n shows less"},
    {"heaptrack", "--filter", "its totals are sums over all stacks",
     "heaptrack_print --filter-bt-function looks for one"},
    {"heaptrack", "--exclude", "its totals are sums over all stacks",
     "the filter of heaptrack_gui can"},
});

bool is_given(const FormatRequest& request, std::string_view option) {
  return std::find(request.given.begin(), request.given.end(), option) != request.given.end();
}

Error cannot(const FormatRequest& request, std::string why, std::string remedy) {
  return Error{ErrorKind::usage, "report", "--format " + request.format, std::move(why),
               std::move(remedy)};
}

bool is_of_one_process(const FormatRequest& request) {
  return request.format == "pprof" || request.format == "massif" || request.format == "heaptrack";
}

Result<void> write_compressed(std::unique_ptr<render::CompressedOutput> compressed,
                              const auto& write) {
  {
    render::BackgroundOutput background(*compressed);
    write(background);
  }
  return compressed->finish();
}

Result<void> write_heaptrack(const FormatRequest& request, const model::Session& session,
                             const model::Process& process, render::Output& output) {
  const auto write = [&](render::Output& target) {
    render::write_heaptrack(session, process, target);
  };
  // heaptrack_print looks at the name as well.
  if (request.file.ends_with(".gz")) {
    return write_compressed(render::make_gzip_output(output), write);
  }
  if (request.file.ends_with(".zst")) {
    return write_compressed(render::make_zstd_output(output), write);
  }
  write(output);
  return {};
}

Result<void> write_pprof(const FormatRequest& request, const analysis::Selection& selection,
                         const model::Process& process, render::Output& output) {
  render::PprofOptions options;
  if (is_given(request, "--cost")) options.cost = request.cost;
  options.top = request.top;
  options.linkage_names = linkage_names(selection.session(), process);
  return write_compressed(render::make_gzip_output(output), [&](render::Output& target) {
    render::write_pprof(selection, process, options, target);
  });
}

Result<bool> written(const Result<void>& result) {
  if (!result) return result.error();
  return true;
}

}  // namespace

Result<void> check_format(const FormatRequest& request) {
  for (const Refusal& refusal : kRefusals) {
    if (refusal.format != request.format || !is_given(request, refusal.option)) continue;
    // The peak is what massif shows.
    if (request.format == "massif" && refusal.option == "--cost" && request.cost == Cost::peak) {
      continue;
    }
    return cannot(request, fmt::format("cannot honour {}: {}", refusal.option, refusal.why),
                  std::string(refusal.remedy));
  }
  if (request.format == "pprof" && is_given(request, "--cost") &&
      (request.cost == Cost::peak || request.cost == Cost::temporary)) {
    return cannot(request,
                  fmt::format("cannot honour --cost {}: it has allocations and what was live at "
                              "the end",
                              analysis::cost_name(request.cost)),
                  "--cost allocations, allocated or leaked; or --format speedscope");
  }
  const bool to_terminal =
      (request.file.empty() || request.file == "-") && ::isatty(STDOUT_FILENO) != 0;
  if (request.format == "pprof" && to_terminal) {
    return cannot(request, "it is binary, nothing for a terminal", "-o FILE.pb.gz");
  }
  return {};
}

Result<void> check_format(const FormatRequest& request, const analysis::Selection& selection) {
  if (!is_of_one_process(request)) return {};
  const analysis::ChosenProcess chosen = analysis::choose_process(selection);
  if (chosen.process == nullptr) {
    return Error{ErrorKind::damaged,
                 "report",
                 "--format " + request.format,
                 "the session has no process",
                 {}};
  }
  if (request.format == "heaptrack") {
    const std::uint64_t calls = render::heaptrack_calls(*chosen.process);
    if (calls > render::kMostHeaptrackCalls) {
      return cannot(request,
                    fmt::format("it takes a line for each of {} calls", render::exact_count(calls)),
                    "--format pprof or speedscope");
    }
  }
  if (chosen.images > 1) {
    print_warning(
        fmt::format("report: process {}: it ran {} programs one after another, this is "
                    "the last: {}",
                    chosen.process->pid, chosen.images, chosen.process->exe));
  }
  return {};
}

Result<bool> write_format(const FormatRequest& request, const analysis::Selection& selection,
                          render::Output& output) {
  if (request.format == "collapsed") {
    render::write_collapsed(selection, request.cost, request.top, output);
    return true;
  }
  if (request.format == "csv") {
    render::write_csv(selection, request.cost, request.top, output);
    return true;
  }
  if (request.format == "speedscope") {
    render::write_speedscope(selection, request.cost, request.top, output);
    return true;
  }
  if (!is_of_one_process(request)) return false;
  const model::Process& process = *analysis::choose_process(selection).process;
  if (request.format == "pprof") return written(write_pprof(request, selection, process, output));
  if (request.format == "heaptrack") {
    return written(write_heaptrack(request, selection.session(), process, output));
  }
  render::write_massif(selection, process, output);
  return true;
}

}  // namespace memwatch::cli
