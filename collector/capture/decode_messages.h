// Helpers of the decoders: walking the messages of a table chunk, strings and packed lists.
#pragma once

#include <protozero/pbf_reader.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "collector/capture/fields.h"
#include "collector/capture/memory_budget.h"
#include "collector/capture/row_block.h"

namespace memwatch::capture {

using protozero::pbf_wire_type;

// The key to switch on: a known number with another wire type is an unknown field, and skipped.
constexpr std::uint32_t varint_key(std::uint32_t field) {
  return protozero::tag_and_type(field, pbf_wire_type::varint);
}
constexpr std::uint32_t bytes_key(std::uint32_t field) {
  return protozero::tag_and_type(field, pbf_wire_type::length_delimited);
}
constexpr std::uint32_t fixed_key(std::uint32_t field) {
  return protozero::tag_and_type(field, pbf_wire_type::fixed64);
}

template <typename Visit>
void for_each_message(std::string_view payload, Visit visit) {
  protozero::pbf_reader reader(payload.data(), payload.size());
  while (reader.next()) {
    if (reader.tag_and_type() == bytes_key(kTableMessageField)) {
      visit(bytes_of(reader));
    } else {
      reader.skip();
    }
  }
}

inline void set_text(std::string_view bytes, MemoryBudget& budget, std::string& text) {
  budget.charge(bytes.size());
  text = bytes;
}

inline void append_text(std::string_view bytes, MemoryBudget& budget,
                        std::vector<std::string>& texts) {
  budget.charge(bytes.size() + sizeof(std::string));
  texts.emplace_back(bytes);
}

template <typename Value>
void set_word(std::uint64_t word, Value& value) {
  if (!from_word(word, value)) throw Damage{"a value is out of range"};
}

// Calls set(i, word) for the first `count` words; a newer writer may have more.
template <typename Set>
void for_each_word(std::string_view packed, std::size_t count, Set set) {
  WordReader words(packed);
  for (std::size_t i = 0; i < count && !words.done(); ++i) set(i, words.next());
}

}  // namespace memwatch::capture
