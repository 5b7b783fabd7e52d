// What was checked, what was found, what to do: the list that `memwatch doctor` prints.
// Thread safety: pure function. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/render/render_options.h"

namespace memwatch::render {

enum class Verdict : std::uint8_t {
  good,   // works
  limit,  // works, with something to know
  bad,    // will not work
};

struct Check {
  Verdict verdict = Verdict::good;
  std::string what;     // "/dev/shm", "linking"
  std::string finding;  // one sentence without a full stop
  std::string remedy;   // what to do about it; "" nothing
};

// Under a heading, in the order given: "  ok    linking    dynamic".
std::string render_checks(const std::string& heading, const std::vector<Check>& checks,
                          const RenderOptions& options);

// True if none is bad.
bool will_work(const std::vector<Check>& checks);

}  // namespace memwatch::render
