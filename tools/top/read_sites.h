// The daemon's answer to "sites PID TOP" (tools/render/consumers_json.cpp writes it) read back.
// Thread safety: pure function. Errors: damaged, where it is none of this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::top {

// Texts are as the traced program's files have them: not yet printable.
struct SiteFrame {
  std::string function, file, module;  // "" unknown
  std::uint64_t line = 0;
};

struct Site {
  std::uint64_t live_bytes = 0, live_blocks = 0, peak_bytes = 0, allocated_bytes = 0, calls = 0;
  std::vector<SiteFrame> stack;  // from the caller of the allocation function outwards
};

struct Sites {
  std::string process;
  std::string mode;  // "exact", "sample", "idle"
  std::uint64_t live_bytes = 0, live_blocks = 0;
  std::vector<Site> all;  // the largest first
};

Result<Sites> read_sites(std::string_view json);

}  // namespace memwatch::top
