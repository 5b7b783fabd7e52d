#include "tools/server/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/analysis/selection.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/collapsed.h"
#include "tools/render/compressed_output.h"
#include "tools/render/csv.h"
#include "tools/render/heaptrack.h"
#include "tools/render/html_report.h"
#include "tools/render/json_report.h"
#include "tools/render/massif.h"
#include "tools/render/output.h"
#include "tools/render/pprof.h"
#include "tools/render/speedscope.h"
#include "tools/render/text.h"
#include "tools/server/names.h"

namespace memwatch::server {

namespace {

struct Format {
  std::string_view name, content_type, suffix;  // of a file; "" to be looked at where it is
};

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kBytes = "application/octet-stream";
constexpr auto kFormats = std::to_array<Format>({
    {"json", "application/json", ""},
    {"text", kText, ""},
    {"html", "text/html; charset=utf-8", ""},
    {"csv", "text/csv; charset=utf-8", "csv"},
    {"collapsed", kText, "txt"},
    {"speedscope", "application/json", "speedscope.json"},
    {"massif", kText, "massif"},
    {"heaptrack", kBytes, "heaptrack.zst"},
    {"pprof", kBytes, "pb.gz"},
});

const Format* format_named(std::string_view name) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(),
                                  [name](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : &*found;
}

Error cannot(std::string_view format, std::string why, std::string remedy) {
  return Error{ErrorKind::usage, "report", "format " + std::string(format), std::move(why),
               std::move(remedy)};
}

Result<void> write_heaptrack(const model::Session& session, render::Output& output) {
  const model::Process& process = session.processes.front();
  if (render::heaptrack_calls(process) > render::kMostHeaptrackCalls / 100) {
    return cannot("heaptrack", "it takes a line for each call, and there are too many",
                  "pprof, speedscope");
  }
  const auto compressed = render::make_zstd_output(output);
  render::write_heaptrack(session, process, *compressed);
  return compressed->finish();
}

Result<void> write_as(std::string_view format, const analysis::Selection& selection,
                      const std::string& symbol_cache, render::Output& output) {
  const model::Session& session = selection.session();
  const model::Process& process = session.processes.front();
  constexpr auto kCost = analysis::Cost::peak;
  if (format == "json") {
    render::write_json_report(selection, {}, output);
  } else if (format == "text") {
    output.write(render::render_text(selection, render::View::summary, {}, {}));
  } else if (format == "html") {
    if (!render::has_html_report()) {
      return cannot(format, "this memwatch was built without the page (MEMWATCH_DASHBOARD=OFF)",
                    "json has the same data");
    }
    render::write_html_report(selection, {}, output);
  } else if (format == "csv") {
    render::write_csv(selection, kCost, 0, output);
  } else if (format == "collapsed") {
    render::write_collapsed(selection, kCost, 0, output);
  } else if (format == "speedscope") {
    render::write_speedscope(selection, kCost, 0, output);
  } else if (format == "massif") {
    render::write_massif(selection, process, output);
  } else if (format == "heaptrack") {
    return write_heaptrack(session, output);
  } else {
    const Result<std::string> profile = gzipped_pprof(session, symbol_cache);
    if (!profile) return profile.error();
    output.write(*profile);
  }
  return {};
}

}  // namespace

bool is_report_format(std::string_view format) {
  return format_named(format) != nullptr;
}

Result<std::string> gzipped_pprof(const model::Session& session, const std::string& symbol_cache,
                                  std::optional<analysis::Cost> cost) {
  render::PprofOptions options;
  options.cost = cost;
  options.linkage_names = linkage_names_of(session, symbol_cache);
  render::StringOutput output;
  const auto compressed = render::make_gzip_output(output);
  const analysis::Selection selection(session);
  render::write_pprof(selection, session.processes.front(), options, *compressed);
  if (const auto finished = compressed->finish(); !finished) return finished.error();
  return output.text();
}

Result<HttpResponse> make_report(model::Session& session, std::string_view format,
                                 const std::string& symbol_cache) {
  name_all_stacks(session, symbol_cache);
  const analysis::Selection selection(session);
  render::StringOutput output;
  if (const auto written = write_as(format, selection, symbol_cache, output); !written) {
    return written.error();
  }
  const Format& kind = *format_named(format);
  HttpResponse response;
  response.content_type = kind.content_type;
  response.body = output.text();
  if (!kind.suffix.empty()) {
    response.headers["Content-Disposition"] = fmt::format(
        "attachment; filename=\"memwatch-{}.{}\"", session.processes.front().pid, kind.suffix);
  }
  return response;
}

}  // namespace memwatch::server
