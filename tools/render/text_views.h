// Internal to tools/render: one function per view, called by render_text with the page's header
// already written. Thread safety and errors: as render_text's.
#pragma once

#include <cstdint>
#include <string>

#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"
#include "tools/render/page.h"
#include "tools/render/view.h"

namespace memwatch::render {

struct ViewContext {
  const analysis::Selection& selection;
  std::string session_path;
};

void write_summary(Page& page, const ViewContext& context);
void write_leaks(Page& page, const ViewContext& context);
void write_peak(Page& page, const ViewContext& context);
void write_hotspots(Page& page, const ViewContext& context);
void write_temporary(Page& page, const ViewContext& context);
void write_failures(Page& page, const ViewContext& context);
void write_large(Page& page, const ViewContext& context);
void write_threads(Page& page, const ViewContext& context);
void write_modules(Page& page, const ViewContext& context);
void write_processes(Page& page, const ViewContext& context);
void write_timeline(Page& page, const ViewContext& context);
void write_sizes(Page& page, const ViewContext& context);

// "memwatch report FILE --view NAME", quoted for a shell.
std::string report_command(const std::string& session_path, View view);

// A numbered list of stacks, each with a line of numbers and its frames.
using SiteDetail = std::string (*)(const analysis::RankedSite&);
struct RankingStyle {
  bool bytes = true;  // the cost is a size, not a count
  Tone tone = Tone::strong;
  SiteDetail detail = nullptr;  // what stands after size and share
};
void write_ranking(Page& page, const ViewContext& context, const analysis::Ranking& ranking,
                   const RankingStyle& style);

// "… and 12 more (--top 22 shows them)" when fewer than all rows were shown.
void write_more(Page& page, std::size_t shown, std::size_t all, const std::string& what);

// The processes as a table: as a tree, indented by depth, or the largest heaps first.
enum class ProcessOrder : std::uint8_t { tree, largest };
void write_process_table(Page& page, const analysis::Selection& selection, ProcessOrder order,
                         std::size_t top);

}  // namespace memwatch::render
