// Suppressions that recorded programs bring themselves (__lsan_default_suppressions), ready for
// analysis::apply_suppressions. Files are read once. Not thread-safe. What cannot be used is told
// on stderr, once for each program, and left out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "collector/analysis/suppressions.h"

namespace memwatch::cli {

class ProgramSuppressions {
 public:
  const std::vector<analysis::Suppression>& of(const model::Process& process);

 private:
  std::map<std::string, std::vector<analysis::Suppression>> by_program_;
};

// Marks what the given suppressions, those of the programs and the built-in ones take out.
void apply_all_suppressions(model::Session& session,
                            const std::vector<analysis::Suppression>& suppressions);

}  // namespace memwatch::cli
