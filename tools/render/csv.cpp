#include "tools/render/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "tools/render/collapsed.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

std::string field(std::string_view text) {
  const std::string clean = valid_utf8(text);
  if (clean.find_first_of(",\"\r\n") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string row(const model::Session& session, std::uint32_t pid, const model::Site& site) {
  const std::vector<analysis::Frame> frames = analysis::frames_of(session, site.stack);
  const analysis::Frame caller = frames.empty() ? analysis::Frame{} : frames.front();
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", pid, site.allocations,
                     site.reallocations, site.allocated_bytes, site.live_blocks, site.live_bytes,
                     site.peak_bytes, site.own_peak_bytes, site.temporary, field(caller.function),
                     field(caller.file), caller.line == 0 ? "" : std::to_string(caller.line),
                     field(caller.module), field(collapsed_stack(session, site.stack)));
}

}  // namespace

void write_csv(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
               Output& output) {
  output.write(
      "pid,allocations,reallocations,allocated_bytes,live_blocks,live_bytes,peak_bytes,"
      "own_peak_bytes,temporary,function,file,line,module,stack\n");
  for (const model::Process* process : selection.processes()) {
    std::vector<const model::Site*> sites;
    for (const model::Site& site : process->sites) {
      if (selection.includes(site.stack)) sites.push_back(&site);
    }
    std::stable_sort(sites.begin(), sites.end(), [&](const model::Site* a, const model::Site* b) {
      return analysis::cost_of(*a, cost) > analysis::cost_of(*b, cost);
    });
    if (top != 0 && sites.size() > top) sites.resize(top);
    for (const model::Site* site : sites) {
      output.write(row(selection.session(), process->pid, *site));
    }
  }
}

}  // namespace memwatch::render
