// The HTML report: one file that needs nothing else, neither network nor server. It is the page of
// tools/dashboard, which the build turns into two pieces of text (html_assets.h), with the data of
// the session between them as JSON in a <script type="application/json"> (html_document.h).
// Thread safety: as the selection's. Errors: the output's own; has_html_report() is false in a
// build without the page (MEMWATCH_DASHBOARD=OFF), and then nothing may be written.
#pragma once

#include <cstddef>
#include <string>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

struct HtmlOptions {
  std::string session_path;                    // for the commands that the page proposes
  std::size_t top = 0;                         // sites and leaks of each list; 0: as many as fit
  analysis::Cost cost = analysis::Cost::peak;  // what the flame graph shows at first
  std::string filter, exclude;                 // as given, for the page to say so
};

bool has_html_report();
void write_html_report(const analysis::Selection& selection, const HtmlOptions& options,
                       Output& output);

}  // namespace memwatch::render
