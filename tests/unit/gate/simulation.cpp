#include "tests/unit/gate/simulation.h"

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "collector/gate/decision.h"

namespace memwatch::gate::testing {
namespace {

constexpr double kFigure = 10'000'000;
constexpr std::size_t kRuns = 3;

// The sum of two dice, so that the middle is likelier than the ends.
class Runs {
 public:
  explicit Runs(double moves) : moves_(moves) {}

  Spread operator()(std::size_t count, double rise) {
    std::vector<std::uint64_t> values;
    for (std::size_t i = 0; i < count; ++i) {
      const double jitter = moves_ * (die() + die() - 1);
      values.push_back(static_cast<std::uint64_t>(kFigure * (1 + rise) * (1 + jitter)));
    }
    return spread_of(values);
  }

 private:
  double die() { return static_cast<double>(generator_()) / 4294967295.0; }

  double moves_;
  std::mt19937 generator_{20240229};
};

bool fails(const Spread& baseline, const Spread& now, SimulatedRule rule, Runs& runs, double rise) {
  if (rule == SimulatedRule::tolerance_alone) return now.middle > baseline.middle * 105 / 100;
  const Tolerance tolerance = default_tolerance(Metric::peak_heap);
  Decision decision = decide(baseline, now, std::nullopt, tolerance);
  if (wants_confirmation(decision, now, baseline.varies())) {
    decision = decide(baseline, now, runs(kConfirmingRuns, rise), tolerance);
  }
  return decision.verdict == Verdict::worse;
}

}  // namespace

std::size_t failures(const SimulatedChange& change, SimulatedRule rule) {
  Runs runs(change.moves);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < kComparisons; ++i) {
    const Spread baseline = runs(kRuns, 0);
    const Spread now = runs(kRuns, change.rise);
    if (fails(baseline, now, rule, runs, change.rise)) ++failed;
  }
  return failed;
}

}  // namespace memwatch::gate::testing
