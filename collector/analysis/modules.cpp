#include "collector/analysis/modules.h"

#include <algorithm>
#include <map>

#include "collector/analysis/deviation.h"

namespace memwatch::analysis {
namespace {

model::ModuleId calling_module(const model::Session& session, model::StackId stack) {
  if (stack >= session.stacks.size()) return model::kNone;
  const model::CodeAddressId address = session.stacks[stack].address;
  if (address >= session.code_addresses.size()) return model::kNone;
  const model::ModuleId module = session.code_addresses[address].module;
  return module < session.modules.size() ? module : model::kNone;
}

}  // namespace

std::vector<ModuleRow> list_modules(const Selection& selection) {
  const model::Session& session = selection.session();
  // By path, not id: one file loaded with and without a known build id is one library to a reader.
  std::map<std::string_view, ModuleRow> by_path;
  double total = 0;
  for (const model::Process* process : selection.processes()) {
    for (const model::Site& site : process->sites) {
      if (!selection.includes(site.stack)) continue;
      const std::string_view path = session.modules[calling_module(session, site.stack)].path;
      ModuleRow& row = by_path[path];
      row.path = path;
      row.allocations += site.allocations;
      row.reallocations += site.reallocations;
      row.temporary += site.temporary;
      row.allocated_bytes += site.allocated_bytes;
      row.live_bytes += site.live_bytes;
      row.live_blocks += site.live_blocks;
      row.peak_bytes += site.peak_bytes;
      add_deviation(row.allocated_deviation, site.allocated_deviation);
      add_deviation(row.live_deviation, site.live_deviation);
      add_deviation(row.peak_deviation, site.peak_deviation);
      total += static_cast<double>(site.allocated_bytes);
    }
  }
  std::vector<ModuleRow> rows;
  for (auto& [path, row] : by_path) {
    if (total > 0) row.share = static_cast<double>(row.allocated_bytes) / total;
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const ModuleRow& a, const ModuleRow& b) {
    if (a.peak_bytes != b.peak_bytes) return a.peak_bytes > b.peak_bytes;
    return a.allocated_bytes > b.allocated_bytes;
  });
  return rows;
}

}  // namespace memwatch::analysis
