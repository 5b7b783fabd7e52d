#include "tools/render/history.h"

#include <fmt/format.h>

#include "tools/render/csv.h"
#include "tools/render/human.h"
#include "tools/render/json_report.h"
#include "tools/render/json_writer.h"
#include "tools/render/local_time.h"
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

std::string date(const ProcessSample& row) {
  return local_time(row.sample.time_ms, "%Y-%m-%d");
}

std::string span_name(std::int64_t span_ms) {
  if (span_ms <= 1000) return "";
  return human_duration(seconds(span_ms));
}

// What is the same in all rows stands above them.
struct Common {
  bool process = true;  // and so its name and pid
  bool date = true;
  bool is_moment = true;  // no means of longer times

  explicit Common(const std::vector<ProcessSample>& samples) {
    const std::string day = render::date(samples.front());
    for (const ProcessSample& row : samples) {
      process = process && row.process == samples.front().process;
      date = date && render::date(row) == day;
      is_moment = is_moment && row.sample.span_ms <= 1000;
    }
  }
};

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
  const Common common(samples);
  const ProcessSample& first = samples.front();
  std::string title = common.process ? page.paint(Tone::strong, printable(first.process.name)) +
                                           fmt::format(" (pid {})", first.process.pid)
                                     : page.paint(Tone::strong, "Several processes");
  title += ", " + date(first);
  if (!common.date) title += " to " + date(samples.back());
  page.line(std::move(title));
  std::vector<Column> columns = {{"time"}};
  const auto add_column = [&](bool is_wanted, const char* name, Align align = Align::right) {
    if (is_wanted) columns.push_back({name, align});
  };
  add_column(!common.is_moment, "mean of");
  add_column(true, "RSS");
  add_column(!common.is_moment, "most");
  add_column(true, "live heap");
  add_column(!common.is_moment, "most");
  for (const char* count : {"allocations", "large", "failed"}) add_column(true, count);
  add_column(!common.process, "pid");
  add_column(!common.process, "program", Align::left);
  Table table(std::move(columns));
  for (const ProcessSample& row : samples) {
    const Sample& sample = row.sample;
    const auto size = [](const std::optional<std::uint64_t>& value) {
      return value ? Cell{human_bytes(*value)} : Cell{"-", Tone::faint};
    };
    std::vector<Cell> cells;
    const auto add = [&](bool is_wanted, Cell cell) {
      if (is_wanted) cells.push_back(std::move(cell));
    };
    add(true,
        {local_time(sample.time_ms, common.date ? "%H:%M:%S" : "%m-%d %H:%M:%S"), Tone::faint});
    add(!common.is_moment, {span_name(sample.span_ms), Tone::faint});
    add(true, {human_bytes(sample.rss), Tone::strong});
    add(!common.is_moment, {human_bytes(sample.rss_max)});
    add(true, size(sample.live));
    add(!common.is_moment, size(sample.live_max));
    // Without the library there is nothing to count.
    const bool counts = sample.live || sample.allocations > 0;
    const auto count = [counts](std::uint64_t value, Tone tone) {
      if (!counts) return Cell{"-", Tone::faint};
      return Cell{human_count(value), value > 0 ? tone : Tone::faint};
    };
    add(true, count(sample.allocations, Tone::plain));
    add(true, count(sample.large, Tone::caution));
    add(true, count(sample.failed, Tone::bad));
    add(!common.process, {std::to_string(row.process.pid)});
    add(!common.process, {printable(row.process.name), Tone::name});
    table.add(std::move(cells));
  }
  table.write(page);
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
