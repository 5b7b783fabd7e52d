#include "tools/render/collapsed.h"

#include <algorithm>

#include "collector/analysis/ranking.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/printable.h"

namespace memwatch::render {

CollapsedStacks::CollapsedStacks(const model::Session& session, Quotes quotes)
    : session_(session), quotes_(quotes), parts_(session.code_addresses.size()) {}

const CollapsedStacks::Part& CollapsedStacks::part_of(model::CodeAddressId address) {
  Part& part = parts_[address];
  if (!part.text.empty()) return part;
  const std::vector<analysis::Frame> frames = analysis::frames_at(session_, address);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    std::string name = analysis::frame_name(*frame);
    std::replace(name.begin(), name.end(), ';', ':');
    std::replace(name.begin(), name.end(), '\n', ' ');
    std::replace(name.begin(), name.end(), '\r', ' ');
    if (!part.text.empty()) part.text += ';';
    for (const char c : printable(name)) {
      if (c == '"' && quotes_ == Quotes::doubled) part.text += '"';
      part.text += c;
      part.needs_quotes = part.needs_quotes || c == '"' || c == ',';
    }
  }
  return part;
}

bool CollapsedStacks::append(model::StackId stack, std::string& line) {
  const bool complete = analysis::addresses_of_stack(session_, stack, addresses_);
  if (!complete) {
    line += "[truncated]";
  } else if (addresses_.empty()) {
    line += "[unknown]";
  }
  bool needs_quotes = false, is_first = complete;
  for (auto address = addresses_.rbegin(); address != addresses_.rend(); ++address) {
    const Part& part = part_of(*address);
    if (!is_first) line += ';';
    is_first = false;
    line += part.text;
    needs_quotes = needs_quotes || part.needs_quotes;
  }
  return needs_quotes;
}

std::string collapsed_stack(const model::Session& session, model::StackId stack) {
  std::string line;
  CollapsedStacks(session, CollapsedStacks::Quotes::as_they_are).append(stack, line);
  return line;
}

void write_collapsed(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
                     Output& output) {
  const analysis::Ranking ranking = analysis::rank_sites(selection, cost, top);
  CollapsedStacks stacks(selection.session(), CollapsedStacks::Quotes::as_they_are);
  std::string line;
  for (const analysis::RankedSite& row : ranking.rows) {
    line.clear();
    stacks.append(row.site.stack, line);
    line += ' ';
    line += std::to_string(row.cost);
    line += '\n';
    output.write(line);
  }
}

}  // namespace memwatch::render
