// Does something grow without end? Judged from the troughs of a series (what is never freed shows
// there, not in the totals) and from how much of what was allocated long ago still lives. Of one
// site or of a whole process, exact or sampled, of a recording or of a running process's own
// history: the input is a plain series.
//
// Each piece of evidence gives a number from 0 to 1, and the weakest decides (confidence): the
// trend is significant (Mann 1945, Kendall 1975), it exceeds every fall that was seen, it goes on
// (the last third of the window as fast as the others), in many steps and not in one, by more than
// a sample's error, for long enough; and what is old goes on living. The rate is the median of the
// slopes between all pairs of points, with its interval (Theil 1950, Sen 1968). The first fifth of
// the run (warm-up) and its last tenth (where all may be freed, or not be freed yet) do not count.
//
// Thread safety: pure functions. Errors: none; too short a series is not growing, confidence 0.
// Units: bytes, seconds.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace memwatch::analysis {

// From which confidence on growth is claimed: high 50 %, medium 70 %, low 85 %.
enum class Sensitivity : std::uint8_t { low, medium, high };

struct GrowthSeries {
  double start = 0, end = 0;  // of the observation
  std::vector<double> at;     // ends of the spans, ascending
  std::vector<double> least;  // live bytes in each span, at the least

  // What was allocated in a span and still lived at two later looks; empty where it is not known.
  struct Cohort {
    double from = 0, to = 0;
    std::array<double, 2> survived{};
  };
  std::vector<Cohort> cohorts;
  std::array<double, 2> looks{};  // when

  // Of estimates: the variance of a figure, divided by it; 0: exact.
  double variance_per_byte = 0;
  // What may seem live without being so, or have been freed unseen; in the window.
  double unsure_bytes = 0;
};

struct GrowthVerdict {
  bool growing = false;
  unsigned confidence = 0;             // 0 to 100, that it grows
  double bytes_per_second = 0;         // 0 where it does not grow
  std::array<double, 2> rate_range{};  // 95 %
  double bytes = 0;                    // by which it grew
  double duration = 0;                 // for how long it has been growing
  bool exponential = false;            // faster and faster
  bool accumulates = false;            // blocks of all ages live on: not one buffer that grows
};

GrowthVerdict judge_growth(const GrowthSeries& series, Sensitivity sensitivity);

unsigned least_confidence(Sensitivity sensitivity);

}  // namespace memwatch::analysis
