// libFuzzer entry: any text as a gate's budget and as its baseline, and as memwatch.toml. What was
// understood of a baseline has to mean the same after it was written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collector/daemon/config.h"
#include "collector/gate/baseline.h"
#include "collector/gate/budget.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace memwatch::gate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_budget("budget.toml", text);
  (void)memwatch::daemon::parse_config("memwatch.toml", text);
  (void)looks_like_baseline(text);
  const auto baseline = parse_baseline("baseline.toml", text);
  if (!baseline) return 0;
  const std::string written = baseline_text(*baseline);
  const auto again = parse_baseline("again.toml", written);
  if (!again || baseline_text(*again) != written) abort();
  return 0;
}
