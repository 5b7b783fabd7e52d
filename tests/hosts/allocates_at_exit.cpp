// Allocations after main: in an atexit handler, in the destructor of a static object, in a
// destructor function of the program. Each keeps a block of its own size.
#include <cstdlib>

#include "tests/hosts/host.h"

namespace {

extern "C" void allocate_in_atexit() {
  keep(std::malloc(404));
}

struct AllocatesInDestructor {
  ~AllocatesInDestructor() { keep(std::malloc(505)); }
};

AllocatesInDestructor static_object;

[[gnu::destructor(101)]] void allocate_in_destructor_function() {
  keep(std::malloc(606));
}

}  // namespace

int main() {
  require(std::atexit(allocate_in_atexit) == 0, "atexit");
  say("main ends\n");
  return 0;
}
