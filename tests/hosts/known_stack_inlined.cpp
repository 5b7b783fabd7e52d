// Inlined frames and demangled names: allocate_here is inlined into Holder<int>::fill, which is
// not.
#include <cstdlib>

#include "tests/hosts/host.h"

namespace outer {

[[gnu::always_inline]] inline void allocate_here(size_t size) {
  keep(std::malloc(size));  // allocate_here
}

template <typename Item>
struct Holder {
  HOST_NOINLINE void fill(size_t count) {
    allocate_here(count * sizeof(Item));  // fill
    asm volatile("");
  }
};

}  // namespace outer

int main() {
  outer::Holder<int>().fill(256);  // main
  say("done\n");
  return 0;
}
