// A moment of the history as its reader's clock shows it. Thread safety: as localtime_r.
#pragma once

#include <cstdint>
#include <string>

namespace memwatch::render {

// `format`: of strftime.
std::string local_time(std::int64_t time_ms, const char* format);

}  // namespace memwatch::render
