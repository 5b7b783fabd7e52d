#include "collector/reachability/known_layouts.h"

#include <array>
#include <cstring>

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kWord = 8;

// The block's first words, as far as they lie inside of it and can be read.
struct Head {
  std::array<std::uint64_t, 8> words{};
  std::uint64_t count = 0;
};

bool is_short_string(const Head& head, std::uint64_t start, std::uint64_t offset) {
  constexpr std::uint64_t kLongest = 15;
  return offset == 2 * kWord && head.count >= 3 && head.words[0] == start + offset &&
         head.words[1] <= kLongest;
}

bool is_old_string(const Head& head, std::uint64_t size, std::uint64_t offset) {
  return offset == 3 * kWord && head.count >= 3 && head.words[0] <= head.words[1] &&
         head.words[1] < size && size == 3 * kWord + head.words[1] + 1;
}

// The cookie is as long as the elements' alignment, and the count is its last word.
bool is_array_with_cookie(const Head& head, std::uint64_t size, std::uint64_t offset) {
  if (offset != 8 && offset != 16 && offset != 32 && offset != 64) return false;
  if (offset / kWord > head.count || offset >= size) return false;
  const std::uint64_t count = head.words[offset / kWord - 1];
  return count > 0 && (size - offset) % count == 0 && (size - offset) / count > 0;
}

bool has_length_in_front(const Head& head, std::uint64_t size, std::uint64_t offset) {
  if ((offset != 8 && offset != 16) || head.count == 0) return false;
  return head.words[0] == size - offset || head.words[0] == size;
}

// How far above the table's class the whole object begins; the word before the type's description,
// which is before the first function.
bool has_offset_to_top(Memory& memory, std::uint64_t table, std::uint64_t expected) {
  if (table < 2 * kWord || table % kWord != 0) return false;
  const auto offset = memory.word(table - 2 * kWord);
  if (!offset || *offset != expected) return false;
  const auto function = memory.word(table);
  return function && *function != 0;
}

bool is_second_base(Memory& memory, const Head& head, std::uint64_t start, std::uint64_t size,
                    std::uint64_t offset) {
  if (offset % kWord != 0 || offset + kWord > size || head.count == 0) return false;
  const auto table = memory.word(start + offset);
  return table && has_offset_to_top(memory, head.words[0], 0) &&
         has_offset_to_top(memory, *table, 0 - offset);
}

// sds strings: [length, capacity] in 1, 2, 4 or 8 bytes each, a type byte, text, a zero. The
// smallest kind has its length in the type byte.
bool is_sds(Memory& memory, std::uint64_t start, std::uint64_t size, std::uint64_t offset) {
  constexpr std::array<std::uint64_t, 5> kHeads = {1, 3, 5, 9, 17};
  std::array<unsigned char, 17> head{};
  if (offset > head.size() || offset >= size) return false;
  if (memory.read(start, head.data(), offset) != offset) return false;
  const unsigned type = head[offset - 1] & 7;
  if (type >= kHeads.size() || kHeads[type] != offset) return false;
  if (type == 0) return offset + (head[0] >> 3) + 1 <= size && offset + (head[0] >> 3) + 9 > size;
  const std::uint64_t width = (offset - 1) / 2;
  std::uint64_t length = 0, capacity = 0;
  std::memcpy(&length, head.data(), width);
  std::memcpy(&capacity, head.data() + width, width);
  // A capacity of what the allocator really gave may exceed the size by its rounding.
  constexpr std::uint64_t kRounding = 16;
  if (capacity > size + kRounding) return false;
  return length <= capacity && offset + capacity + 1 >= size &&
         offset + capacity + 1 <= size + kRounding;
}

}  // namespace

bool explains_interior(Memory& memory, std::uint64_t start, std::uint64_t size,
                       std::uint64_t offset) {
  if (offset == 0 || offset >= size) return false;
  Head head;
  const std::size_t wanted = size < sizeof head.words
                                 ? static_cast<std::size_t>(size) & ~std::size_t{7}
                                 : sizeof head.words;
  head.count = memory.read(start, head.words.data(), wanted) / kWord;
  return is_short_string(head, start, offset) || is_old_string(head, size, offset) ||
         is_array_with_cookie(head, size, offset) || has_length_in_front(head, size, offset) ||
         is_second_base(memory, head, start, size, offset) || is_sds(memory, start, size, offset);
}

}  // namespace memwatch::reachability
