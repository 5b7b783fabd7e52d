#include "collector/reachability/glibc_memory.h"

#include <algorithm>
#include <set>

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kWord = 8;

std::vector<std::uint64_t> words_of(Memory& memory, Range range) {
  std::vector<std::uint64_t> words((range.end - range.start) / kWord);
  const std::size_t got = memory.read(range.start, words.data(), words.size() * kWord);
  words.resize(got / kWord);
  return words;
}

}  // namespace

std::vector<std::uint64_t> arenas_of(Memory& memory, const std::vector<Block>& blocks) {
  constexpr std::uint64_t kMmapped = 2, kNotMain = 4;  // in the word of a chunk's size
  // By place, since there are many blocks in each: a search per block took 4 % of a whole check.
  std::vector<bool> looked_at(BlockIndex::kAddressLimit / kArenaBytes);
  std::set<std::uint64_t> arenas;
  for (const Block& block : blocks) {
    const std::uint64_t start = block.address & ~(kArenaBytes - 1);
    if (start >= BlockIndex::kAddressLimit || looked_at[start / kArenaBytes]) continue;
    const auto size = memory.word(block.address - kWord);
    if (!size || (*size & kMmapped) != 0) continue;  // another block of the same place may tell
    looked_at[start / kArenaBytes] = true;
    if ((*size & kNotMain) != 0) arenas.insert(start);
  }
  return {arenas.begin(), arenas.end()};
}

std::optional<Range> main_arena_state(Memory& memory, Range data) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 10;
  constexpr std::uint64_t kBins = 127, kLeastEmpty = 32;
  constexpr std::uint64_t kBeforeBins = 112;  // mutex, flags, fast bins, top, last remainder
  const std::vector<std::uint64_t> words =
      words_of(memory, {data.start, std::min(data.end, data.start + kMostBytes)});
  std::vector<std::size_t> empty;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::uint64_t bin = data.start + i * kWord - 2 * kWord;
    if (words[i] == bin && words[i + 1] == bin) empty.push_back(i);
  }
  if (empty.size() < kLeastEmpty) return std::nullopt;
  // The last bin is for chunks of half a megabyte and more: it is empty, or next to the last one
  // that is.
  const std::uint64_t last = data.start + empty.back() * kWord;
  const std::uint64_t first = last - (kBins - 1) * 2 * kWord;
  if (data.start + empty.front() * kWord < first) return std::nullopt;
  return Range{first - kBeforeBins, last + 2 * kWord};
}

std::optional<std::uint64_t> thread_control_block(Memory& memory, Range stack) {
  constexpr std::uint64_t kLooked = std::uint64_t{64}
                                    << 10;  // static thread-local storage included
  constexpr std::uint64_t kAlignment = 64;
  Range top{stack.end - std::min(kLooked, stack.end - stack.start), stack.end};
  const std::vector<std::uint64_t> words = words_of(memory, top);
  for (std::size_t i = words.size() & ~std::size_t{7}; i >= kAlignment / kWord;) {
    i -= kAlignment / kWord;
    const std::uint64_t address = top.start + i * kWord;
    if (i + 2 < words.size() && words[i] == address && words[i + 2] == address) return address;
  }
  return std::nullopt;
}

}  // namespace memwatch::reachability
