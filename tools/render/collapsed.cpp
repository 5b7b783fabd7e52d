#include "tools/render/collapsed.h"

#include <algorithm>

#include "collector/analysis/ranking.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/printable.h"

namespace memwatch::render {

std::string collapsed_stack(const model::Session& session, model::StackId stack) {
  const std::vector<analysis::Frame> frames = analysis::frames_of(session, stack);
  if (frames.empty()) return "[unknown]";
  std::string line;
  if (analysis::is_truncated(session, stack)) line = "[truncated]";
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    std::string name = analysis::frame_name(*frame);
    std::replace(name.begin(), name.end(), ';', ':');
    std::replace(name.begin(), name.end(), '\n', ' ');
    std::replace(name.begin(), name.end(), '\r', ' ');
    if (!line.empty()) line += ';';
    line += printable(name);
  }
  return line;
}

void write_collapsed(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
                     Output& output) {
  const analysis::Ranking ranking = analysis::rank_sites(selection, cost, top);
  for (const analysis::RankedSite& row : ranking.rows) {
    output.write(collapsed_stack(selection.session(), row.site.stack));
    output.write(" " + std::to_string(row.cost) + "\n");
  }
}

}  // namespace memwatch::render
