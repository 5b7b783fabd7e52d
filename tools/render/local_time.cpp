#include "tools/render/local_time.h"

#include <ctime>

namespace memwatch::render {

std::string local_time(std::int64_t time_ms, const char* format) {
  const auto whole = static_cast<std::time_t>(time_ms / 1000);
  std::tm parts{};
  localtime_r(&whole, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

}  // namespace memwatch::render
