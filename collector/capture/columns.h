// A column: how one member of a row becomes one 64-bit word and back. Tables are stored column by
// column, because values of one kind next to each other, and differences between neighbours, are
// what varints and zstd make small. No state; callable from any thread.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace memwatch::capture {

enum class Coding : std::uint8_t {
  plain,  // the word as a varint
  delta,  // zigzag of the difference to the row before (mod 2^64), 0 before the first
};

constexpr std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ ((difference >> 63) != 0 ? ~std::uint64_t{0} : std::uint64_t{0});
}

constexpr std::uint64_t unzigzag(std::uint64_t word) {
  return (word >> 1) ^ ((word & 1) != 0 ? ~std::uint64_t{0} : std::uint64_t{0});
}
static_assert(unzigzag(zigzag(~std::uint64_t{0})) == ~std::uint64_t{0} && zigzag(1) == 2);

// Doubles travel as their bits. What is not finite becomes 0 on both ways: reports compute with
// these values and convert them to integers.
template <typename Value>
std::uint64_t to_word(Value value) {
  if constexpr (std::is_floating_point_v<Value>) {
    return std::isfinite(value) ? std::bit_cast<std::uint64_t>(value) : 0;
  } else if constexpr (std::is_same_v<Value, std::int32_t>) {
    return zigzag(static_cast<std::uint64_t>(std::int64_t{value}));
  } else {
    static_assert(std::is_unsigned_v<Value> || std::is_enum_v<Value>);
    return static_cast<std::uint64_t>(value);
  }
}

// False where the word does not fit the type. An enumerator's range is the caller's to check.
template <typename Value>
bool from_word(std::uint64_t word, Value& value) {
  if constexpr (std::is_floating_point_v<Value>) {
    value = std::bit_cast<Value>(word);
    if (!std::isfinite(value)) value = 0;
  } else if constexpr (std::is_same_v<Value, std::int32_t>) {
    const auto wide = static_cast<std::int64_t>(unzigzag(word));
    if (wide < std::numeric_limits<std::int32_t>::min() ||
        wide > std::numeric_limits<std::int32_t>::max()) {
      return false;
    }
    value = static_cast<std::int32_t>(wide);
  } else if constexpr (std::is_same_v<Value, bool>) {
    if (word > 1) return false;
    value = word != 0;
  } else if constexpr (std::is_enum_v<Value>) {
    using Underlying = std::underlying_type_t<Value>;
    if (word > std::numeric_limits<Underlying>::max()) return false;
    value = static_cast<Value>(word);
  } else {
    if (word > std::numeric_limits<Value>::max()) return false;
    value = static_cast<Value>(word);
  }
  return true;
}

template <typename Row>
struct Column {
  std::uint32_t field;  // its number in the row block; never reused
  Coding coding;
  std::uint64_t (*get)(const Row&);
  bool (*set)(Row&, std::uint64_t);
};

template <typename Row, auto Member>
constexpr Column<Row> column(std::uint32_t field, Coding coding) {
  return {field, coding, [](const Row& row) { return to_word(row.*Member); },
          [](Row& row, std::uint64_t word) { return from_word(word, row.*Member); }};
}

// A member of a member.
template <typename Row, auto Outer, auto Inner>
constexpr Column<Row> column(std::uint32_t field, Coding coding) {
  return {field, coding, [](const Row& row) { return to_word((row.*Outer).*Inner); },
          [](Row& row, std::uint64_t word) { return from_word(word, (row.*Outer).*Inner); }};
}

}  // namespace memwatch::capture
