// Version of everything two processes of memwatch agree on: segment, records, rendezvous.
// Bump kProtocolVersion whenever a field moves, changes meaning or a record type is added: shim and
// collector come from one build, so there is no negotiation, only a clear refusal.
#pragma once

#include <cstdint>

namespace memwatch::protocol {

inline constexpr std::uint32_t kProtocolVersion = 12;
inline constexpr std::uint64_t kSegmentMagic = 0x31484354574d454dULL;  // "MEMWTCH1", little-endian

}  // namespace memwatch::protocol
