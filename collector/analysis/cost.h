// The one number per stack that collapsed and similar formats show (`--cost`), and that rankings
// sort by. Bytes for leaked, peak, allocated; counts for the others.
// Thread safety: pure functions. Errors: none; an unknown name gives nullopt.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/model/session.h"

namespace memwatch::analysis {

enum class Cost : std::uint8_t {
  leaked,
  peak,
  allocated,    // reallocated bytes included
  allocations,  // reallocations are no allocations, as everywhere in the reports
  temporary,
  calls,  // allocations and reallocations; for rankings alone, no --cost
  live,   // what was not freed, leaked or not; for rankings alone
};

inline constexpr std::array<std::string_view, 5> kCostNames = {"leaked", "peak", "allocated",
                                                               "allocations", "temporary"};

std::string_view cost_name(Cost cost);
std::optional<Cost> cost_from_name(std::string_view name);

// `leaked` is what was live at the end, all that a site knows; rank_sites() knows better where a
// leak check was made.
std::uint64_t cost_of(const model::Site& site, Cost cost);

// Whether its unit is bytes; counts otherwise.
constexpr bool counts_bytes(Cost cost) {
  return cost == Cost::leaked || cost == Cost::peak || cost == Cost::allocated ||
         cost == Cost::live;
}

}  // namespace memwatch::analysis
