// The allocations of ordinary C++: containers, strings, smart pointers, exceptions, streams. What
// they add up to is the oracle's word against memwatch's.
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/hosts/host.h"

namespace {

size_t count_words() {
  std::map<std::string, std::vector<int>> places;
  for (int i = 0; i < 500; ++i) {
    std::ostringstream word;
    word << "a word long enough to need memory of its own, number " << i % 50;
    places[word.str()].push_back(i);
  }
  return places.size();
}

int catch_some() {
  int caught = 0;
  for (int i = 0; i < 20; ++i) {
    try {
      throw std::runtime_error("thrown on purpose, with a text of some length");
    } catch (const std::exception&) {
      ++caught;
    }
  }
  return caught;
}

}  // namespace

int main() {
  const auto words = std::make_shared<size_t>(count_words());
  auto numbers = std::make_unique<int[]>(1000);
  numbers[0] = catch_some();
  say("%zu words, %d caught\n", *words, numbers[0]);
  static_cast<void>(keep(numbers.release()));
  return 0;
}
