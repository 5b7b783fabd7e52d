#include "tools/render/history_operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/failures.h"
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

using history::Operation;
using history::OperationKind;

double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

// In words of a sentence: "allocation".
std::string_view word(OperationKind kind) {
  return kind == OperationKind::large ? "allocation" : history::operation_name(kind);
}

Tone tone(OperationKind kind) {
  switch (kind) {
    case OperationKind::failure:
      return Tone::bad;
    case OperationKind::release:
      return Tone::faint;
    default:
      return Tone::caution;
  }
}

bool is_failure(const Operation& operation) {
  return operation.kind == OperationKind::failure;
}

}  // namespace

std::string operations_text(const std::vector<Operation>& operations,
                            const RenderOptions& options) {
  if (operations.empty()) return {};
  Page page(options);
  const auto date = [](const Operation& operation) {
    return local_time(operation.time_ms, "%Y-%m-%d");
  };
  const bool is_one_day = date(operations.front()) == date(operations.back());
  page.line(page.paint(Tone::strong, "Large blocks and failures") + ", " +
            date(operations.front()) + (is_one_day ? "" : " to " + date(operations.back())));
  Table table({{"time"},
               {"what", Align::left},
               {"size"},
               {"call", Align::left},
               {"pid"},
               {"program", Align::left},
               {"", Align::left}});
  for (const Operation& operation : operations) {
    std::string remark =
        is_failure(operation) ? analysis::errno_name(operation.error_number) : std::string{};
    if (operation.more > 0) {
      remark +=
          fmt::format("{}and {} more", remark.empty() ? "" : ", ", human_count(operation.more));
    }
    table.add(
        {{local_time(operation.time_ms, is_one_day ? "%H:%M:%S" : "%m-%d %H:%M:%S"), Tone::faint},
         {std::string(word(operation.kind)), tone(operation.kind)},
         {human_bytes(operation.size), Tone::strong},
         {printable(operation.function)},
         {std::to_string(operation.process.pid)},
         {printable(operation.process.name), Tone::name},
         {std::move(remark), is_failure(operation) ? Tone::bad : Tone::faint}});
  }
  table.write(page);
  return std::move(page).take();
}

void write_operations_json(const std::vector<Operation>& operations, Output& output) {
  JsonWriter json(output);
  json.begin_object(JsonWriter::Layout::lines);
  json.member("schema", "memwatch.history-operations/1");
  json.key("operations").begin_array(JsonWriter::Layout::lines);
  for (const Operation& operation : operations) {
    json.begin_object();
    json.key("pid").signed_number(operation.process.pid);
    json.member("process", operation.process.name);
    json.member("tid", operation.tid);
    json.key("time").real(seconds(operation.time_ms));
    json.member("kind", history::operation_name(operation.kind));
    json.member("function", operation.function);
    json.member("size", operation.size);
    if (is_failure(operation)) {
      json.key("errno").signed_number(operation.error_number);
      json.member("errno_name", analysis::errno_name(operation.error_number));
    }
    json.member("more", operation.more);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  output.write("\n");
}

void write_operations_csv(const std::vector<Operation>& operations, Output& output) {
  output.write("time,pid,process,tid,kind,function,size,errno,more\n");
  for (const Operation& operation : operations) {
    output.write(fmt::format(
        "{},{},{},{},{},{},{},{},{}\n", rfc3339(seconds(operation.time_ms)), operation.process.pid,
        csv_field(operation.process.name), operation.tid, history::operation_name(operation.kind),
        csv_field(operation.function), operation.size, operation.error_number, operation.more));
  }
}

}  // namespace memwatch::render
