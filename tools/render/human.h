// Numbers as people read them. Sizes are binary (1 KiB = 1024 B), large counts get a unit.
// Thread safety: pure functions. Errors: none; NaN and negative values read as 0.
#pragma once

#include <cstdint>
#include <string>

namespace memwatch::render {

std::string human_bytes(std::uint64_t bytes);  // "512 B", "1.5 KiB", "34.1 MiB", "512 MiB"
std::string human_count(std::uint64_t count);  // "999,999", "1.20M", "34.1G"
std::string exact_count(std::uint64_t count);  // "1,204,332"
std::string human_duration(double seconds);    // "850 µs", "12 ms", "1.50 s", "2 min 03 s"
std::string human_percent(double share);       // 0.341 is "34.1 %"; "<0.1 %", ">99.9 %"
std::string human_rate(double per_second);     // "98.1k/s"

// "1 block", "1,024 blocks".
std::string counted(std::uint64_t count, const char* singular, const char* plural);

}  // namespace memwatch::render
