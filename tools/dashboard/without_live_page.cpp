// In place of the generated file in a build without the page.
#include "tools/server/page_assets.h"

namespace memwatch::server {

std::span<const PageAsset> page_assets() {
  return {};
}

}  // namespace memwatch::server
