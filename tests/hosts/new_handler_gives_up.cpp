// A new handler is asked again and again until it removes itself: still one call and one failure.
#include <new>

#include "tests/hosts/host.h"

namespace {

volatile size_t huge = size_t{1} << 63;
int asked = 0;

void on_out_of_memory() {
  if (++asked == 3) std::set_new_handler(nullptr);
}

}  // namespace

int main() {
  std::set_new_handler(on_out_of_memory);
  try {
    keep(::operator new(huge));
    say("succeeded\n");
  } catch (const std::bad_alloc&) {
    say("asked %d times\n", asked);
  }
  return 0;
}
