// In place of the generated file in a build without the page; has_html_report() tells.
#include "tools/render/html_assets.h"

namespace memwatch::render {

HtmlPage report_page() {
  return {};
}

}  // namespace memwatch::render
