// The fixed numbers of the session file: magic values, header offsets, chunk types, limits. Only
// constants and the two plain header structs; FORMAT.md is the prose and the picture.
//
// Every integer of the file is little-endian, on every machine. kFormatVersion is raised only when
// a reader of the old version would misunderstand a new file; new chunk types and new message
// fields do not raise it, because readers skip what they do not know.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace memwatch::capture {

// High bit and line ends, as in PNG: a transfer in text mode shows in the first eight bytes.
inline constexpr std::array<char, 8> kFileMagic = {'\x89', 'm', 'w', 's', '\r', '\n', '\x1a', '\n'};
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::uint32_t kByteOrderMark = 0x0a0b0c0d;

// File header: magic 8 | version 4 | byte order mark 4 | file id 8 | XXH3-64 of these 24 bytes.
// This header never changes, in any version, so that every reader can name the version it met.
inline constexpr std::size_t kFileVersionAt = 8;
inline constexpr std::size_t kFileByteOrderAt = 12;
inline constexpr std::size_t kFileIdAt = 16;
inline constexpr std::size_t kFileChecksumAt = 24;
inline constexpr std::size_t kFileHeaderBytes = 32;
static_assert(kFileVersionAt == kFileMagic.size());
static_assert(kFileHeaderBytes == kFileChecksumAt + sizeof(std::uint64_t));

// Chunk header: magic 4 | type 2 | flags 2 | sequence 8 | stored length 4 | raw length 4 |
// XXH3-64, seeded with the file id, of these 24 bytes and the stored payload. The seed keeps
// blocks of an older, deleted session (a file system after a power failure) from being believed.
inline constexpr std::uint32_t kChunkMagic = 0x6b63776d;  // "mwck"
inline constexpr std::size_t kChunkTypeAt = 4;
inline constexpr std::size_t kChunkFlagsAt = 6;
inline constexpr std::size_t kChunkSequenceAt = 8;
inline constexpr std::size_t kChunkStoredLengthAt = 16;
inline constexpr std::size_t kChunkRawLengthAt = 20;
inline constexpr std::size_t kChunkChecksumAt = 24;
inline constexpr std::size_t kChunkHeaderBytes = 32;
static_assert(kChunkHeaderBytes == kChunkChecksumAt + sizeof(std::uint64_t));

inline constexpr std::uint16_t kFlagZstd = 1;  // the stored payload is one zstd frame

enum class ChunkType : std::uint16_t {
  session = 1,
  modules = 2,
  code_addresses = 3,
  stacks = 4,
  symbols = 5,
  processes = 6,
  process_texts = 7,
  sites = 8,
  failures = 9,
  large = 10,
  threads = 11,
  timeline = 12,
  commit = 13,
  end = 14,
  leaks = 15,
  epochs = 16,
  site_epochs = 17,
  cut_short = 18,
};

// The writer starts a new chunk at this raw size; a single message may exceed it.
inline constexpr std::size_t kChunkTargetBytes = std::size_t{1} << 20;
// No chunk is larger than this, stored or raw. The string limits below keep the writer under it.
inline constexpr std::size_t kMaxChunkBytes = std::size_t{16} << 20;

// Decompression is bounded for the file as a whole: at no chunk may the raw bytes so far exceed
// kRawSlackBytes + kRawPerFileByte × file bytes so far. The writer obeys by construction: where
// compressing would break the rule, it stores the chunk plainly.
inline constexpr std::uint64_t kRawSlackBytes = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kRawPerFileByte = 64;

// The reader refuses to build a session larger in memory than this plus kMemoryPerFileByte × file
// size. Real sessions need about 20 bytes per file byte; the slack is for small, repetitive ones.
inline constexpr std::uint64_t kMemorySlackBytes = std::uint64_t{256} << 20;
inline constexpr std::uint64_t kMemoryPerFileByte = 64;

// What the writer cuts, so that no message outgrows a chunk. The kernel limits one argument to
// 128 KiB and a whole command line to 6 MiB; names of symbols beyond 64 KiB have been seen.
inline constexpr std::size_t kMaxStringBytes = std::size_t{128} << 10;
inline constexpr std::size_t kMaxStringListBytes = std::size_t{6} << 20;  // a command, the notes
inline constexpr std::size_t kMaxSymbolRowBytes = std::size_t{4} << 20;   // strings of one address
inline constexpr std::size_t kMaxFramesPerAddress = 256;
inline constexpr std::size_t kMaxThreadNameBytes = 256;
inline constexpr std::size_t kMaxCutReasonBytes = 256;  // short: it is for a disk that is full
inline constexpr std::size_t kRowsPerBlock = 8192;

static_assert(2 * kMaxStringListBytes + kChunkTargetBytes < kMaxChunkBytes);

}  // namespace memwatch::capture
