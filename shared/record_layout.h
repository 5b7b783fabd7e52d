// The records in a thread's ring, as bytes. Written by the shim (preload/record), read by
// the collector (collector/intake/tracked_process), described with a picture in PROTOCOL.md.
//
// A ring is an array of 16-byte slots. The common allocation and free take one slot; whatever does
// not fit takes an extended record of several slots, the first of which says how many.
//
// Short record
//   word 0   63        49 48     44 43                                  0
//           | sequence lo | function |          address >> 4              |
//   word 1   63                      32 31         24 23                0
//           |          stack            | sequence hi |       size        |
// Extended record
//   word 0   bits 44–48 = kExtended, bits 0–7 type, bits 8–15 slots, bits 16–43 zero
//   words 1… payload by type, see the structs' comments below.
#pragma once

#include <cstdint>

#include "shared/functions.h"

namespace memwatch::protocol {

struct Slot {
  std::uint64_t word0;
  std::uint64_t word1;
};
static_assert(sizeof(Slot) == 16);

inline constexpr unsigned kAddressShift = 4;  // short records hold 16-byte aligned addresses only
inline constexpr unsigned kAddressBits = 44;
inline constexpr unsigned kFunctionShift = 44;
inline constexpr unsigned kFunctionBits = 5;
inline constexpr unsigned kSequenceLowShift = 49;
inline constexpr unsigned kSequenceLowBits = 15;
inline constexpr unsigned kSizeBits = 24;
inline constexpr unsigned kSequenceHighShift = 24;
inline constexpr unsigned kSequenceHighBits = 8;
inline constexpr unsigned kStackShift = 32;
inline constexpr unsigned kSequenceBits = kSequenceLowBits + kSequenceHighBits;
inline constexpr std::uint32_t kSequenceMask = (1U << kSequenceBits) - 1;
inline constexpr std::uint64_t kMaxShortSize = (1ULL << kSizeBits) - 1;
inline constexpr std::uint64_t kExtended = (1ULL << kFunctionBits) - 1;
inline constexpr unsigned kMaxRecordSlots = 8;

static_assert(kAddressBits == kFunctionShift);
static_assert(kFunctionShift + kFunctionBits == kSequenceLowShift);
static_assert(kSequenceLowShift + kSequenceLowBits == 64);
static_assert(kSizeBits == kSequenceHighShift &&
              kSequenceHighShift + kSequenceHighBits == kStackShift);
static_assert(kFunctionCount < kExtended);

// Can this block be told in one slot?
constexpr bool fits_short(std::uint64_t address, std::uint64_t size) {
  return (address & ((1U << kAddressShift) - 1)) == 0 &&
         (address >> (kAddressBits + kAddressShift)) == 0 && size <= kMaxShortSize;
}

constexpr Slot encode_short(Function function, std::uint64_t address, std::uint64_t size,
                            std::uint32_t stack, std::uint32_t sequence) {
  return Slot{(address >> kAddressShift) |
                  (static_cast<std::uint64_t>(function) << kFunctionShift) |
                  (static_cast<std::uint64_t>(sequence & ((1U << kSequenceLowBits) - 1))
                   << kSequenceLowShift),
              size |
                  (static_cast<std::uint64_t>((sequence & kSequenceMask) >> kSequenceLowBits)
                   << kSequenceHighShift) |
                  (static_cast<std::uint64_t>(stack) << kStackShift)};
}

struct ShortRecord {
  Function function;
  std::uint64_t address, size;
  std::uint32_t stack, sequence;
};

constexpr std::uint64_t record_tag(Slot slot) {
  return (slot.word0 >> kFunctionShift) & ((1ULL << kFunctionBits) - 1);
}

constexpr ShortRecord decode_short(Slot slot) {
  return ShortRecord{static_cast<Function>(record_tag(slot)),
                     (slot.word0 & ((1ULL << kAddressBits) - 1)) << kAddressShift,
                     slot.word1 & kMaxShortSize,
                     static_cast<std::uint32_t>(slot.word1 >> kStackShift),
                     static_cast<std::uint32_t>(slot.word0 >> kSequenceLowShift) |
                         (static_cast<std::uint32_t>((slot.word1 >> kSequenceHighShift) &
                                                     ((1U << kSequenceHighBits) - 1))
                          << kSequenceLowBits)};
}

// Payload words w1… of the extended records. "stack|function" is stack in the low, function in the
// high half. Sequences count per address shard (segment_layout.h); on rings that
// are not sequenced yet only reallocations, their frees and failures, unmap and remap carry them.
enum class RecordType : std::uint8_t {
  allocation = 1,    // w1 address, w2 size, w3 stack|function, w4 sequence                 3 slots
  free = 2,          // w1 address, w2 function, w3 sequence|flags                          2 slots
  reallocation = 3,  // w1 old, w2 new, w3 size, w4 stack|function, w5 seq old|seq new     3 slots
  failure = 4,       // w1 requested, w2 stack|function, w3 errno|flags, w4 old block or 0,
                     // w5 sequence of the old block's shard                                3 slots
  map = 5,           // w1 address, w2 length, w3 stack|function, w4 sequence               3 slots
  unmap = 6,         // w1 address, w2 length, w3 stack|function, w4 sequence, w5 1: failed 3 slots
  remap = 7,         // w1 old, w2 old length, w3 new, w4 new length, w5 stack|function,
                     // w6 sequence before|sequence after the call, w7 1: failed            4 slots
  brk = 8,           // w1 old break, w2 new break, w3 stack|function, w4 sequence          3 slots
  thread = 9,        // the ring's records are this thread's from here: w1 tid,
                     // w2 1: sequenced from here on; w3 w4 name                            3 slots
  sequenced = 10,    // records from here on carry sequences                                1 slot
  epoch = 11,        // w1: records from here on were written at this epoch or later        1 slot
  fork = 12,         // w1 token that the child will present                                1 slot
  child = 13,        // w1 pid, w2 wait status: the process saw this child end               2 slots
  sample = 14,       // w1 address, w2 size, w3 stack|function, w4 sequence|flags,
                     // w5 mean bytes between samples when it was drawn; 0: always recorded  3 slots
  query = 15,  // w1 number: the program wants to know its counters (segment_layout.h)      1 slot
};

// High half of the free record's w3: a sampled block was reallocated; its new self has a record of
// its own, if at all.
inline constexpr std::uint64_t kFreedByMoving = 1;
// High half of the sample record's w4: the block is the new self of one that was reallocated.
inline constexpr std::uint64_t kSampleMoved = 1;
inline constexpr std::uint64_t kFailureInjected = 1;  // bit 32 of the failure record's w3

constexpr std::uint64_t encode_extended_header(RecordType type, unsigned slots) {
  return (kExtended << kFunctionShift) | static_cast<std::uint64_t>(type) |
         (static_cast<std::uint64_t>(slots) << 8);
}
constexpr RecordType extended_type(Slot slot) {
  return static_cast<RecordType>(slot.word0 & 0xff);
}
constexpr unsigned extended_slots(Slot slot) {
  return static_cast<unsigned>((slot.word0 >> 8) & 0xff);
}

// Slots each type takes; 0 for a type that does not exist.
constexpr unsigned slots_of(RecordType type) {
  switch (type) {
    case RecordType::sequenced:
    case RecordType::epoch:
    case RecordType::fork:
    case RecordType::query:
      return 1;
    case RecordType::free:
    case RecordType::child:
      return 2;
    case RecordType::allocation:
    case RecordType::reallocation:
    case RecordType::failure:
    case RecordType::map:
    case RecordType::unmap:
    case RecordType::brk:
    case RecordType::thread:
    case RecordType::sample:
      return 3;
    case RecordType::remap:
      return 4;
  }
  return 0;
}

constexpr std::uint64_t pack_stack(std::uint32_t stack, Function function) {
  return stack | (static_cast<std::uint64_t>(function) << 32);
}

}  // namespace memwatch::protocol
