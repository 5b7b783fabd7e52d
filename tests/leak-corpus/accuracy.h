// How often the verdicts on growth are right, over programs and seeds. A site that grows and is
// said to: found; one that does not and is said to: a false alarm. Precision and recall are over
// sites, alarms about processes and their patterns are counted apart.
#pragma once

#include <string>
#include <vector>

#include "collector/analysis/growth.h"
#include "tests/leak-corpus/virtual_world.h"

namespace memwatch::leak_corpus {

struct Accuracy {
  unsigned found = 0, missed = 0, false_alarms = 0;
  unsigned runs = 0;
  unsigned wrong_processes = 0;     // grows or not, told wrongly
  unsigned wrong_patterns = 0;      // of processes told rightly: another pattern than theirs
  std::vector<std::string> errors;  // "late seed 7: missed, 64 %"

  [[nodiscard]] double recall() const {
    return found + missed == 0 ? 1 : static_cast<double>(found) / (found + missed);
  }
  [[nodiscard]] double precision() const {
    return found + false_alarms == 0 ? 1 : static_cast<double>(found) / (found + false_alarms);
  }
  void add(const Accuracy& other);
};

// Seeds first to last − 1.
Accuracy measure(const Program& program, std::uint64_t first, std::uint64_t last,
                 const VirtualRun& run, analysis::Sensitivity sensitivity);

}  // namespace memwatch::leak_corpus
