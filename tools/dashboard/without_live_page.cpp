// In place of the generated file in a build without the page.
#include "tools/render/page_assets.h"

namespace memwatch::render {

std::span<const PageAsset> page_assets() {
  return {};
}

}  // namespace memwatch::render
