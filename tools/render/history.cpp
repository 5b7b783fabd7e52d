#include "tools/render/history.h"

#include <fmt/format.h>

#include <ctime>

#include "tools/render/csv.h"
#include "tools/render/human.h"
#include "tools/render/json_report.h"
#include "tools/render/json_writer.h"
#include "tools/render/page.h"
#include "tools/render/printable.h"
#include "tools/render/table.h"

namespace memwatch::render {

namespace {

using history::ProcessSample;
using history::Sample;

double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

// Of the reader's time zone.
std::string local_time(std::int64_t time_ms) {
  const auto whole = static_cast<std::time_t>(time_ms / 1000);
  std::tm parts{};
  localtime_r(&whole, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

std::string span_name(std::int64_t span_ms) {
  if (span_ms <= 1000) return "";
  return human_duration(seconds(span_ms));
}

void write_optional(JsonWriter& json, std::string_view key,
                    const std::optional<std::uint64_t>& value) {
  json.key(key);
  value ? json.number(*value) : json.null();
}

std::string optional_field(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "";
}

}  // namespace

std::string history_text(const std::vector<ProcessSample>& samples, const RenderOptions& options) {
  if (samples.empty()) return {};
  Page page(options);
  Table table({{"time", Align::left},
               {"mean of", Align::left},
               {"RSS"},
               {"most"},
               {"live heap"},
               {"most"},
               {"allocations"},
               {"large"},
               {"failed"},
               {"pid"},
               {"program", Align::left}});
  for (const ProcessSample& row : samples) {
    const Sample& sample = row.sample;
    const auto size = [](const std::optional<std::uint64_t>& value) {
      return value ? Cell{human_bytes(*value)} : Cell{"-", Tone::faint};
    };
    table.add({{local_time(sample.time_ms), Tone::faint},
               {span_name(sample.span_ms), Tone::faint},
               {human_bytes(sample.rss), Tone::strong},
               {human_bytes(sample.rss_max)},
               size(sample.live),
               size(sample.live_max),
               {human_count(sample.allocations)},
               {human_count(sample.large), sample.large > 0 ? Tone::caution : Tone::faint},
               {human_count(sample.failed), sample.failed > 0 ? Tone::bad : Tone::faint},
               {std::to_string(row.process.pid)},
               {printable(row.process.name), Tone::name}});
  }
  table.write(page, 0);
  return std::move(page).take();
}

void write_history_json(const std::vector<ProcessSample>& samples, Output& output) {
  JsonWriter json(output);
  json.begin_object(JsonWriter::Layout::lines);
  json.member("schema", "memwatch.history/1");
  json.key("samples").begin_array(JsonWriter::Layout::lines);
  for (const ProcessSample& row : samples) {
    const Sample& sample = row.sample;
    json.begin_object();
    json.key("pid").signed_number(row.process.pid);
    json.member("process", row.process.name);
    json.key("time").real(seconds(sample.time_ms));
    json.key("span").real(seconds(sample.span_ms));
    json.member("rss", sample.rss);
    json.member("rss_max", sample.rss_max);
    write_optional(json, "live_bytes", sample.live);
    write_optional(json, "live_bytes_max", sample.live_max);
    json.member("allocations", sample.allocations);
    json.member("large", sample.large);
    json.member("failed", sample.failed);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  output.write("\n");
}

void write_history_csv(const std::vector<ProcessSample>& samples, Output& output) {
  output.write(
      "time,span,pid,process,rss,rss_max,live_bytes,live_bytes_max,allocations,large,failed\n");
  for (const ProcessSample& row : samples) {
    const Sample& sample = row.sample;
    output.write(fmt::format(
        "{},{:g},{},{},{},{},{},{},{},{},{}\n", rfc3339(seconds(sample.time_ms)),
        seconds(sample.span_ms), row.process.pid, csv_field(row.process.name), sample.rss,
        sample.rss_max, optional_field(sample.live), optional_field(sample.live_max),
        sample.allocations, sample.large, sample.failed));
  }
}

}  // namespace memwatch::render
