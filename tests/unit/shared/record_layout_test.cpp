#include "shared/record_layout.h"

#include <gtest/gtest.h>

#include <random>

namespace memwatch::protocol {
namespace {

void expect_round_trip(const ShortRecord& record) {
  const Slot slot =
      encode_short(record.function, record.address, record.size, record.stack, record.sequence);
  ASSERT_NE(record_tag(slot), kExtended);
  const ShortRecord back = decode_short(slot);
  EXPECT_EQ(back.function, record.function);
  EXPECT_EQ(back.address, record.address);
  EXPECT_EQ(back.size, record.size);
  EXPECT_EQ(back.stack, record.stack);
  EXPECT_EQ(back.sequence, record.sequence & kSequenceMask);
}

TEST(ShortRecord, HoldsEachFieldAtItsEndsWithoutTouchingTheOthers) {
  constexpr std::uint64_t kTop = (1ULL << 48) - 16;
  for (const std::uint64_t address : {std::uint64_t{16}, std::uint64_t{1} << 47, kTop}) {
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, kMaxShortSize}) {
      for (const std::uint32_t stack : {0U, 1U, 0x80000000U, ~0U}) {
        for (const std::uint32_t sequence : {0U, 1U, (1U << 15) - 1, 1U << 15, kSequenceMask}) {
          expect_round_trip({Function::malloc_, address, size, stack, sequence});
          expect_round_trip({Function::sbrk_, address, size, stack, sequence});
        }
      }
    }
  }
}

TEST(ShortRecord, CarriesEveryFunction) {
  for (std::size_t id = 0; id < kFunctionCount; ++id) {
    expect_round_trip({static_cast<Function>(id), 0x7f0000001230, 99, 7, 12345});
  }
}

TEST(ShortRecord, RandomOnesComeBackAsTheyWere) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    expect_round_trip({static_cast<Function>(random() % kFunctionCount),
                       (random() & ((1ULL << kAddressBits) - 1)) << kAddressShift,
                       random() & kMaxShortSize, static_cast<std::uint32_t>(random()),
                       static_cast<std::uint32_t>(random()) & kSequenceMask});
  }
}

TEST(ShortRecord, KeepsOnlyTheLowBitsOfASequence) {
  const Slot slot = encode_short(Function::free_, 0x1000, 0, 0, kSequenceMask + 1 + 5);
  EXPECT_EQ(decode_short(slot).sequence, 5U);
  EXPECT_EQ(decode_short(slot).address, 0x1000U);
  EXPECT_EQ(decode_short(slot).size, 0U);
}

TEST(FitsShort, StopsAtSixteenMebibytes) {
  EXPECT_TRUE(fits_short(0x1000, 0));
  EXPECT_TRUE(fits_short(0x1000, (1ULL << 24) - 1));
  EXPECT_FALSE(fits_short(0x1000, 1ULL << 24));
  EXPECT_FALSE(fits_short(0x1000, ~0ULL));
}

TEST(FitsShort, WantsAddressesOfSixteenBytesBelowTwoToThe48) {
  for (std::uint64_t low = 0; low < 16; ++low) {
    EXPECT_EQ(fits_short(0x1000 + low, 1), low == 0) << low;
  }
  EXPECT_TRUE(fits_short((1ULL << 48) - 16, 1));
  EXPECT_FALSE(fits_short(1ULL << 48, 1));
  EXPECT_FALSE(fits_short(~0ULL << 4, 1));
}

TEST(FitsShort, AgreesWithWhatARecordCanHold) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t address = random() >> (random() % 64);
    const std::uint64_t size = random() >> (random() % 64);
    const ShortRecord back = decode_short(encode_short(Function::malloc_, address, size, 0, 0));
    const bool survived = back.address == address && back.size == size &&
                          back.function == Function::malloc_ && back.stack == 0;
    EXPECT_EQ(fits_short(address, size), survived) << address << " " << size;
  }
}

TEST(ExtendedRecord, HeaderNamesTypeAndSlots) {
  for (unsigned type = 0; type < 256; ++type) {
    for (const unsigned slots : {0U, 1U, kMaxRecordSlots, 255U}) {
      const Slot slot{encode_extended_header(static_cast<RecordType>(type), slots), 0};
      EXPECT_EQ(record_tag(slot), kExtended);
      EXPECT_EQ(extended_type(slot), static_cast<RecordType>(type));
      EXPECT_EQ(extended_slots(slot), slots);
    }
  }
}

TEST(ExtendedRecord, EveryTypeTakesTheSlotsOfTheProtocolsTable) {
  const auto slots = [](unsigned type) { return slots_of(static_cast<RecordType>(type)); };
  const unsigned expected[] = {0, 3, 2, 3, 3, 3, 3, 4, 3, 3, 1, 1, 1, 2, 3, 1};
  for (unsigned type = 0; type < 256; ++type) {
    EXPECT_EQ(slots(type), type < std::size(expected) ? expected[type] : 0) << type;
    EXPECT_LE(slots(type), kMaxRecordSlots);
  }
}

TEST(ExtendedRecord, PacksStackAndFunctionInHalves) {
  const std::uint64_t packed = pack_stack(~0U, Function::mremap_);
  EXPECT_EQ(packed & 0xffffffff, 0xffffffffU);
  EXPECT_EQ(packed >> 32, 18U);
}

}  // namespace
}  // namespace memwatch::protocol
