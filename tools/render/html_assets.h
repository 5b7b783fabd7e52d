// What tools/dashboard's build makes of the report page: everything before and after the data.
// Defined by a file that is generated into the build tree; both are empty in a build without it.
#pragma once

#include <string_view>

namespace memwatch::render {

struct HtmlPage {
  std::string_view before_data, after_data;
};

HtmlPage report_page();

}  // namespace memwatch::render
