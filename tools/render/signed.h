// Differences as people read them, always with their sign: "+1.2 MiB", "−512 B", "+25.0 %".
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstdint>
#include <string>

namespace memwatch::render {

std::string signed_bytes(std::uint64_t before, std::uint64_t after);
std::string signed_count(std::uint64_t before, std::uint64_t after);

// Of `before`; "" from 0, which has no percentage. "±0 %" where nothing changed, "+<0.1 %" where
// next to nothing did; from tenfold on "×12".
std::string signed_percent(std::uint64_t before, std::uint64_t after);

}  // namespace memwatch::render
