// What tools/dashboard's build makes of the daemon's page: its files, gzipped. Defined by a file
// that is generated into the build tree; without the dashboard there are none.
#pragma once

#include <span>
#include <string_view>

namespace memwatch::render {

struct PageAsset {
  std::string_view path;  // "" is the page itself, the others have a hash of their content in them
  std::string_view content_type;
  std::string_view tag;                      // of this content, for ETag; without quotes
  std::span<const std::string_view> pieces;  // gzip, one after another: compilers bound literals
};

std::span<const PageAsset> page_assets();

}  // namespace memwatch::render
