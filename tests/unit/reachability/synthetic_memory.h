// A process's memory made by hand: pages that are there, pages that are mapped but cannot be read,
// and nothing elsewhere.
#pragma once

#include <array>
#include <cstring>
#include <map>
#include <set>

#include "collector/reachability/memory.h"

namespace memwatch::reachability {

class SyntheticMemory : public Memory {
 public:
  static constexpr std::uint64_t kPage = 4096;

  void map(std::uint64_t start, std::uint64_t bytes) {
    for (std::uint64_t page = start / kPage; page * kPage < start + bytes; ++page) pages_[page];
  }
  void make_unreadable(std::uint64_t address) { unreadable_.insert(address / kPage); }
  void put(std::uint64_t address, std::uint64_t word) {
    map(address, sizeof word);
    for (std::size_t i = 0; i < sizeof word; ++i) {
      const std::uint64_t at = address + i;
      pages_[at / kPage][at % kPage] = static_cast<unsigned char>(word >> (8 * i));
      map(at, 1);
    }
  }

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
    std::size_t done = 0;
    while (done < size) {
      const std::uint64_t at = address + done;
      const auto page = pages_.find(at / kPage);
      if (page == pages_.end() || unreadable_.count(at / kPage) != 0) break;
      const std::size_t part = std::min<std::size_t>(size - done, kPage - at % kPage);
      std::memcpy(static_cast<char*>(to) + done, page->second.data() + at % kPage, part);
      done += part;
    }
    return done;
  }

  Range next_present(std::uint64_t start, std::uint64_t end) override {
    auto page = pages_.lower_bound(start / kPage);
    if (page == pages_.end() || page->first * kPage >= end) return {};
    const std::uint64_t first = page->first;
    std::uint64_t last = first;
    for (++page; page != pages_.end() && page->first == last + 1; ++page) ++last;
    return {std::max(start, first * kPage), std::min(end, (last + 1) * kPage)};
  }

 private:
  std::map<std::uint64_t, std::array<unsigned char, kPage>> pages_;
  std::set<std::uint64_t> unreadable_;
};

}  // namespace memwatch::reachability
