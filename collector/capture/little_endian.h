// Little-endian integers in byte buffers, whatever the machine and the alignment. The caller has
// checked that the bytes are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace memwatch::capture {

template <typename Integer>
void append_le(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff));
  }
}

template <typename Integer>
Integer load_le(const char* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return static_cast<Integer>(value);
}

}  // namespace memwatch::capture
