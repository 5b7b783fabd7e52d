// What tools/dashboard's build makes of the report page: everything before and after the data, in
// pieces, because C++ compilers need not take a literal of more than 65 536 characters. Defined by
// a file that is generated into the build tree; both are empty in a build without it.
#pragma once

#include <span>
#include <string_view>

namespace memwatch::render {

struct HtmlPage {
  std::span<const std::string_view> before_data, after_data;
};

HtmlPage report_page();

}  // namespace memwatch::render
