// The difference of two sessions as an HTML page: a differential flame graph, blue what shrank and
// orange what grew, and the stacks as a table. The same page as the HTML report's, which chooses by
// the document's schema, "memwatch.html-diff/1".
// Stacks are those that the caller matched, each with what it cost before and after; a stack is
// read from the session that it names. Sums over them are exact however much the graph is folded.
// Thread safety: read-only. Errors: the output's own; has_html_report() must be true.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collector/model/session.h"
#include "tools/render/output.h"

namespace memwatch::render {

struct HtmlDiffStack {
  const model::Session* session = nullptr;  // symbolised; not null
  model::StackId stack = model::kNone;
  std::uint64_t before = 0, after = 0;
};

struct HtmlDiffSide {
  std::string path;
  std::uint64_t total = 0;
};

struct HtmlDiff {
  std::string metric;    // "live", "peak" …
  bool is_bytes = true;  // else a count
  HtmlDiffSide before, after;
  std::vector<std::string> remarks;  // what makes the comparison doubtful, as sentences
  std::span<const HtmlDiffStack> stacks;
  std::size_t top = 0;  // rows of the table; 0: as many as fit
};

void write_html_diff(const HtmlDiff& diff, Output& output);

// The data alone.
void write_html_diff_document(const HtmlDiff& diff, Output& output);

}  // namespace memwatch::render
