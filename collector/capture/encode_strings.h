// Strings on their way into messages: cut where they would make a message outgrow a chunk.
#pragma once

#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "collector/capture/session_format.h"

namespace memwatch::capture {

inline std::string_view cut_string(std::string_view text) {
  return text.substr(0, kMaxStringBytes);
}

inline void add_text(protozero::pbf_writer& writer, std::uint32_t field, std::string_view text) {
  const std::string_view cut = cut_string(text);
  if (!cut.empty()) writer.add_bytes(field, cut.data(), cut.size());
}

// Whole entries as long as they fit, in order; what comes after is left out.
inline void add_texts(protozero::pbf_writer& writer, std::uint32_t field,
                      const std::vector<std::string>& texts) {
  std::size_t total = 0;
  for (const std::string& text : texts) {
    const std::string_view cut = cut_string(text);
    total += cut.size() + 8;
    if (total > kMaxStringListBytes) return;
    writer.add_bytes(field, cut.data(), cut.size());
  }
}

}  // namespace memwatch::capture
