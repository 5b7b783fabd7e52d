// How often the gate's rule fails a build, by simulation: a figure that moves from run to run, of a
// program that has not changed or holds more than its baseline's. Always the same numbers: the
// generator has a fixed seed, and what the standard fixes of it (C++20 [rand.predef]) is all that
// is used. Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>

namespace memwatch::gate::testing {

inline constexpr std::size_t kComparisons = 10'000;

struct SimulatedChange {
  double moves = 0;  // by up to this share of the figure, up or down; near the middle is likelier
  double rise = 0;   // of the figure, as a share
};

enum class SimulatedRule {
  tolerance_alone,  // the middle of 3 runs is above the baseline's by more than 5 %
  gate,             // decide(), with 5 more runs where it asks for them
};

// Of kComparisons baselines of 3 runs, each with 3 runs of the changed program: how many fail.
std::size_t failures(const SimulatedChange& change, SimulatedRule rule);

}  // namespace memwatch::gate::testing
