// Resident memory explained, as JSON ("memwatch.breakdown/1"; docs/watching.md lists the fields).
// The bytes of `parts` sum to `rss`, those of each `of` to its part.
// Thread safety: pure function. Errors: the output's own.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "collector/analysis/breakdown.h"
#include "tools/render/output.h"

namespace memwatch::render {

struct BreakdownOf {
  pid_t pid = 0;
  std::string_view process;  // its name
  double time = 0;           // seconds since the Unix epoch
};

void write_breakdown_json(const BreakdownOf& of, const analysis::Breakdown& breakdown,
                          Output& output);

}  // namespace memwatch::render
