#include "tools/render/html_report.h"

#include "tools/render/html_assets.h"
#include "tools/render/html_document.h"

namespace memwatch::render {

bool has_html_report() {
  return !report_page().before_data.empty();
}

void write_html_report(const analysis::Selection& selection, const HtmlOptions& options,
                       Output& output) {
  const HtmlPage page = report_page();
  for (const std::string_view piece : page.before_data) output.write(piece);
  write_html_document(selection, options, output);
  for (const std::string_view piece : page.after_data) output.write(piece);
}

}  // namespace memwatch::render
