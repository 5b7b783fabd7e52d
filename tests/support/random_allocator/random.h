// A small generator (splitmix64) whose sequence is the same on every machine and library.
// One per thread, so what a thread does never depends on the others. Not thread-safe.
// Source of the constants: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators".
#pragma once

#include <cstdint>

namespace memwatch::random_allocator {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t value = (state_ += 0x9e3779b97f4a7c15U);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
  }

  // 0 … bound−1; the slight bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t chances) { return below(chances) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace memwatch::random_allocator
