// A program with its own operator new on top of malloc: one allocation each, under malloc.
#include <cstdlib>
#include <new>

#include "tests/hosts/host.h"

void* operator new(size_t size) {
  void* const block = std::malloc(size + 16);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, size_t) noexcept {
  std::free(block);
}

int main() {
  for (int i = 0; i < 10; ++i) keep(::operator new(84));
  ::operator delete(keep(::operator new(84)));
  say("done\n");
  return 0;
}
