// How much of what the kernel sees (RSS) the traced heap and mappings explain, at the moment RSS
// was largest. Little means: the program takes memory by ways that are not traced, such as an
// allocator of its own that was linked in.
//
// Two ratios, because neither answers alone. Of all RSS: what a reader asks, but a small program is
// mostly libraries. Of the growth since the first sample: what tells a hidden allocator, but needs
// growth to speak of.
//   explained        = min(heap + mappings, rss) / rss
//   explained_growth = min(traced growth, rss growth) / rss growth
// Asked-for memory may exceed RSS (never touched, swapped): then explained is 1 and untouched true.
// Thread safety: pure function. Errors: none. Units: bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "collector/model/session.h"

namespace memwatch::analysis {

struct Coverage {
  double at = 0;                       // seconds since the session's start
  std::uint64_t rss = 0;               // the largest that was sampled
  std::uint64_t heap = 0, mapped = 0;  // traced, at that moment
  double explained = 0;                // 0 to 1
  bool untouched = false;
  std::uint64_t rss_growth = 0;            // since the first sample
  std::optional<double> explained_growth;  // none where RSS grew by less than kLeastGrowthBytes
};

inline constexpr std::uint64_t kLeastGrowthBytes = 8ULL << 20;
// Below this share of the growth a report warns, where RSS grew by at least so much: the spare
// pages of an ordinary allocator and the code that a program touches as it starts are less.
inline constexpr double kLittleExplained = 0.5;
inline constexpr std::uint64_t kGrowthToWarnBytes = 24ULL << 20;

// Nothing where RSS was never sampled.
std::optional<Coverage> find_coverage(const model::Process& process);

}  // namespace memwatch::analysis
