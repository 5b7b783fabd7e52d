// What the exported hooks do around the real call, without the real call: is this process recorded,
// and if so, record. Addresses are made up, 64 in turn.
#pragma once

#include <cstdint>

#include "preload/quick_path.h"
#include "preload/record.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::bench {

inline std::uint64_t made_up_address(std::uint64_t event, int thread = 0) {
  return 0x10000000 + static_cast<std::uint64_t>(thread) * 0x100000 + event % 64 * 16;
}

inline void hook_malloc(std::uint64_t address) {
  if (preload::needs_no_record(24)) return;
  if (preload::is_recording()) preload_testing::record_malloc(address, 24);
}

inline void hook_free(std::uint64_t address) {
  if (preload::free_needs_no_record(reinterpret_cast<const void*>(address))) return;
  if (preload::is_recording()) preload_testing::record_free(address);
}

}  // namespace memwatch::bench
