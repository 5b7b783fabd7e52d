// Which calls of a recorded program are made to fail, as the user says it:
//
//   nth=3            of the calls that count, the third        nth=3+   and all after it
//   every=100        each hundredth
//   prob=0.01:seed=7 one in a hundred on average, the same ones for the same seed (0 without)
//   size>=64KiB      those of this size and more count
//   over=100MiB      those of the heap that would take it over this many bytes count
//   stack=REGEX      those with a function, file or module in their stack that matches count
//   site=HEX         those with exactly this stack count (analysis/call_site.h), as oom-sweep tells
//   it before-main      calls before main count as well
//
// joined by commas. A call counts if it meets all of size, over, stack and site; nth, every and
// prob, one of them at most, choose among those that count; without, all of them fail. A comma is
// part of a regular expression unless one of the words above follows. docs/failure-injection.md.
// Thread safety: plain data. Errors: usage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch::recording {

struct Injection {
  std::uint64_t first_failing = 0;  // nth; 0: not given
  bool later_too = false;           // nth=N+
  std::uint64_t every = 0;          // 0: not given
  std::optional<double> chance;     // 0 to 1
  std::uint64_t seed = 0;
  std::uint64_t least_size = 0;             // 0: not given
  std::optional<std::uint64_t> heap_bytes;  // over
  std::string stack_pattern;                // "" not given
  std::optional<std::uint64_t> site;
  bool before_main = false;

  // Does the target have to ask about stacks?
  [[nodiscard]] bool is_about_stacks() const { return !stack_pattern.empty() || site.has_value(); }
};

Result<Injection> parse_injection(std::string_view spec);

}  // namespace memwatch::recording
