// Allocations before main: in .preinit_array (before any library's constructor), in a constructor
// of high priority, in a static initialiser. Each keeps a block of its own size.
#include <cstdlib>
#include <new>

#include "tests/hosts/host.h"

namespace {

void allocate_in_preinit() {
  keep(std::malloc(303));
}

[[gnu::constructor(101)]] void allocate_in_constructor() {
  keep(std::malloc(101));
}

HOST_NOINLINE void* allocate_in_initialiser() {
  return keep(::operator new(202));
}

void* const static_block = allocate_in_initialiser();

}  // namespace

__attribute__((section(".preinit_array"),
               used)) static void (*const preinit)() = allocate_in_preinit;

int main() {
  say("%d\n", static_block != nullptr);
  return 0;
}
