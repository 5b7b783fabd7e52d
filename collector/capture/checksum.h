// XXH3-64 as the session file uses it. Callable from any thread; never fails.
#pragma once

#include <cstdint>
#include <string_view>

namespace memwatch::capture {

// Of the file header's first 24 bytes, and of rows in the writer's memory of what it wrote.
std::uint64_t checksum_of(std::string_view bytes);

// Of a chunk: its header without the checksum field, then the stored payload, seeded with the
// file id, as one run of bytes.
std::uint64_t chunk_checksum(std::uint64_t file_id, std::string_view header,
                             std::string_view payload);

}  // namespace memwatch::capture
