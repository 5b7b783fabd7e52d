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
  output.write(page.before_data);
  write_html_document(selection, options, output);
  output.write(page.after_data);
}

}  // namespace memwatch::render
