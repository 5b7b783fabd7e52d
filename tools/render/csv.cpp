#include "tools/render/csv.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/ranking.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/collapsed.h"
#include "tools/render/printable.h"

namespace memwatch::render {

std::string csv_field(std::string_view text) {
  const std::string clean = valid_utf8(text);
  if (clean.find_first_of(",\"\r\n") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

namespace {

// Of the innermost frame.
std::string caller_fields(const model::Session& session, model::CodeAddressId address) {
  const std::vector<analysis::Frame> frames = analysis::frames_at(session, address);
  const analysis::Frame caller = frames.empty() ? analysis::Frame{} : frames.front();
  return fmt::format("{},{},{},{}", csv_field(caller.function), csv_field(caller.file),
                     caller.line == 0 ? "" : std::to_string(caller.line), csv_field(caller.module));
}

class Rows {
 public:
  explicit Rows(const model::Session& session)
      : session_(session),
        stacks_(session, CollapsedStacks::Quotes::doubled),
        callers_(session.code_addresses.size()) {}

  // Appends a row.
  void add(std::uint32_t pid, const model::Site& site, std::string& rows) {
    fmt::format_to(std::back_inserter(rows), "{},{},{},{},{},{},{},{},{},{},", pid,
                   site.allocations, site.reallocations, site.allocated_bytes, site.live_blocks,
                   site.live_bytes, site.peak_bytes, site.own_peak_bytes, site.temporary,
                   caller_of(site.stack));
    const std::size_t begin = rows.size();
    rows += '"';
    if (stacks_.append(site.stack, rows)) {
      rows += '"';
    } else {
      rows.erase(begin, 1);
    }
    rows += '\n';
  }

 private:
  // The same for all stacks with that caller.
  const std::string& caller_of(model::StackId stack) {
    model::CodeAddressId address =
        stack < session_.stacks.size() ? session_.stacks[stack].address : model::kNone;
    if (address >= callers_.size()) address = model::kNone;
    std::string& fields = callers_[address];
    if (fields.empty()) fields = caller_fields(session_, address);
    return fields;
  }

  const model::Session& session_;
  CollapsedStacks stacks_;
  std::vector<std::string> callers_;  // by code address
};

}  // namespace

void write_csv(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
               Output& output) {
  output.write(
      "pid,allocations,reallocations,allocated_bytes,live_blocks,live_bytes,peak_bytes,"
      "own_peak_bytes,temporary,function,file,line,module,stack\n");
  // Gathered, since a compiler's session has 258 MB of them.
  constexpr std::size_t kAtOnce = 1 << 18;
  Rows writer(selection.session());
  std::string rows;
  for (const model::Process* process : selection.processes()) {
    for (const model::Site* site : analysis::sites_by_cost(selection, *process, cost, top)) {
      writer.add(process->pid, *site, rows);
      if (rows.size() < kAtOnce) continue;
      output.write(rows);
      rows.clear();
    }
  }
  output.write(rows);
}

}  // namespace memwatch::render
