// A thread's own anonymous mappings: made, cut, overlaid, grown, moved, never touched. Sums depend
// only on the generator, not on where the kernel puts them.
// Owned by one worker, used by its thread alone. Errors: a refused call ends the program (give_up).
// Units: pages of the machine.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/support/random_allocator/random.h"

namespace memwatch::random_allocator {

class Mappings {
 public:
  Mappings();
  void change(Random& random);

 private:
  struct Mapping {
    char* start = nullptr;
    std::size_t pages = 0;
    // The kernel may keep an overlaid mapping as several areas, and mremap wants a single one.
    bool one_area = true;
  };

  void map(Random& random);
  void unmap_part(std::size_t index, Random& random);
  void overlay(Mapping& mapping, Random& random);
  void resize(Mapping& mapping, Random& random);
  void forget(std::size_t index);

  std::vector<Mapping> mappings_;
};

}  // namespace memwatch::random_allocator
