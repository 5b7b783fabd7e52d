// Counts up when code was unloaded: what threads remember of code addresses is void then.
#pragma once

#include <atomic>
#include <cstdint>

namespace memwatch::preload {

// Release after the shared tables were cleaned, acquire before a thread uses what it remembers.
// Starts at 1, so that zeroed memory is out of date.
inline constinit std::atomic<std::uint32_t> g_code_generation{1};

}  // namespace memwatch::preload
