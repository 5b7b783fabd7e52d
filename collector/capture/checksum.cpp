#include "collector/capture/checksum.h"

// The streaming state on the stack instead of the heap, so that nothing here can fail.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace memwatch::capture {

std::uint64_t checksum_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t chunk_checksum(std::uint64_t file_id, std::string_view header,
                             std::string_view payload) {
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset_withSeed(&state, file_id);
  XXH3_64bits_update(&state, header.data(), header.size());
  XXH3_64bits_update(&state, payload.data(), payload.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace memwatch::capture
