#include "collector/analysis/cost.h"

namespace memwatch::analysis {

std::string_view cost_name(Cost cost) {
  if (cost == Cost::calls) return "calls";
  return cost == Cost::live ? "live" : kCostNames[static_cast<std::size_t>(cost)];
}

std::optional<Cost> cost_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kCostNames.size(); ++i) {
    if (kCostNames[i] == name) return static_cast<Cost>(i);
  }
  return std::nullopt;
}

std::uint64_t cost_of(const model::Site& site, Cost cost) {
  switch (cost) {
    case Cost::leaked:
    case Cost::live:
      return site.live_bytes;
    case Cost::peak:
      return site.peak_bytes;
    case Cost::allocated:
      return site.allocated_bytes;
    case Cost::allocations:
      return site.allocations;
    case Cost::temporary:
      return site.temporary;
    case Cost::calls:
      return site.allocations + site.reallocations;
  }
  return 0;
}

}  // namespace memwatch::analysis
