#include "collector/analysis/hotspots.h"

namespace memwatch::analysis {

HotspotReport find_hotspots(const Selection& selection, std::size_t top) {
  return HotspotReport{rank_sites(selection, Cost::calls, top),
                       rank_sites(selection, Cost::allocated, top)};
}

}  // namespace memwatch::analysis
