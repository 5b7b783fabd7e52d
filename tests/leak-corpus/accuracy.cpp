#include "tests/leak-corpus/accuracy.h"

#include <algorithm>

#include "collector/analysis/process_growth.h"

namespace memwatch::leak_corpus {

void Accuracy::add(const Accuracy& other) {
  found += other.found;
  missed += other.missed;
  false_alarms += other.false_alarms;
  runs += other.runs;
  wrong_processes += other.wrong_processes;
  wrong_patterns += other.wrong_patterns;
  errors.insert(errors.end(), other.errors.begin(), other.errors.end());
}

Accuracy measure(const Program& program, std::uint64_t first, std::uint64_t last,
                 const VirtualRun& run, analysis::Sensitivity sensitivity) {
  Accuracy accuracy;
  for (std::uint64_t seed = first; seed < last; ++seed) {
    const model::Process process = play(program, seed, run);
    const analysis::ProcessGrowth growth = analysis::find_growth(process, sensitivity);
    ++accuracy.runs;
    const std::string_view pattern = analysis::growth_pattern_name(growth.pattern);
    if (growth.grows() != !program.growing.empty()) {
      ++accuracy.wrong_processes;
    } else if (pattern != program.pattern && program.pattern != std::string_view("-")) {
      ++accuracy.wrong_patterns;
      accuracy.errors.push_back(std::string(program.name) + " seed " + std::to_string(seed) +
                                ": said to be " + std::string(pattern));
    }
    for (unsigned site = 0; site < kSites; ++site) {
      const auto is_in = [site](const std::vector<unsigned>& sites) {
        return std::find(sites.begin(), sites.end(), site) != sites.end();
      };
      if (is_in(program.unlabelled)) continue;
      const auto verdict =
          std::find_if(growth.sites.begin(), growth.sites.end(),
                       [site](const auto& grown) { return grown.stack == site + 1; });
      const bool grows = is_in(program.growing), said = verdict != growth.sites.end();
      if (grows && said) ++accuracy.found;
      if (grows && !said) ++accuracy.missed;
      if (!grows && said) ++accuracy.false_alarms;
      if (grows == said) continue;
      const auto doubtful = growth.doubtful_sites.find(site + 1);
      const unsigned confidence = said ? verdict->verdict.confidence
                                  : doubtful != growth.doubtful_sites.end() ? doubtful->second
                                                                            : 0;
      accuracy.errors.push_back(std::string(program.name) + " seed " + std::to_string(seed) +
                                ", site " + std::to_string(site) +
                                (said ? ": false alarm, " : ": missed, ") +
                                std::to_string(confidence) + " %");
    }
  }
  return accuracy;
}

}  // namespace memwatch::leak_corpus
