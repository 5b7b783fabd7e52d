// The four arguments of the random program: seed, threads, operations per thread, mix.
// Called once from main. Errors: nullopt for anything that is not four well-formed arguments.
#pragma once

#include <cstdint>
#include <optional>

namespace memwatch::random_allocator {

struct Mix {
  bool failures = false;
  bool mappings = false;
};

struct Arguments {
  std::uint64_t seed = 0;
  unsigned threads = 0;
  unsigned operations = 0;
  Mix mix;
};

// mix is one of heap, failures, mappings, all.
std::optional<Arguments> parse_arguments(int count, const char* const* values);

}  // namespace memwatch::random_allocator
