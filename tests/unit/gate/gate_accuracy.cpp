// usage: gate_accuracy
// Prints, as rows of Markdown, how many of 100 builds the gate's rule fails, and a tolerance alone;
// for scripts/gate-accuracy.
#include <cstdio>
#include <initializer_list>

#include "tests/unit/gate/simulation.h"

int main() {
  using namespace memwatch::gate::testing;
  const auto of_hundred = [](const SimulatedChange& change, SimulatedRule rule) {
    return 100.0 * static_cast<double>(failures(change, rule)) / kComparisons;
  };
  for (const double moves : {0.02, 0.05, 0.13}) {
    for (const double rise : {0.0, 0.1, 0.2, 0.3, 0.4}) {
      const SimulatedChange change{moves, rise};
      std::printf("| ±%.0f %% | %s%.0f %% | %.1f | %.1f |\n", moves * 100, rise > 0 ? "+" : "",
                  rise * 100, of_hundred(change, SimulatedRule::tolerance_alone),
                  of_hundred(change, SimulatedRule::gate));
    }
  }
  return 0;
}
