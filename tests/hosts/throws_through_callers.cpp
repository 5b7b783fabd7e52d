// Exceptions through the callers of allocation functions: out of constructors inside new, through
// frames that own memory, rethrown, thrown by new itself, and from a thread. Each leaves its memory
// as it should; one block of 77 bytes per turn stays.
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/hosts/host.h"

namespace {

struct Throws {
  explicit Throws(int turn) : text(100, 'x') {
    keep(std::malloc(77));
    if (turn >= 0) throw std::runtime_error(std::string(60, 'y'));
  }
  std::string text;
};

HOST_NOINLINE void pass_through(int depth, int turn) {
  const auto owned = std::make_unique<std::vector<int>>(50);
  keep(owned.get());
  if (depth > 0) return pass_through(depth - 1, turn);
  delete new Throws(turn);
}

int run() {
  int caught = 0;
  for (int turn = 0; turn < 300; ++turn) {
    try {
      try {
        pass_through(turn % 20, turn);
      } catch (const std::runtime_error&) {
        throw;
      }
    } catch (const std::exception& error) {
      caught += error.what()[0] == 'y';
    }
    try {
      keep(::operator new (~std::size_t{0} / 4));
    } catch (const std::bad_alloc&) {
      ++caught;
    }
  }
  return caught;
}

}  // namespace

int main() {
  int in_thread = 0;
  const int caught = run();
  std::thread([&] { in_thread = run(); }).join();
  say("%d and %d caught\n", caught, in_thread);
  return 0;
}
