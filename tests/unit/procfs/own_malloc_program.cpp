// A program that defines malloc and mi_malloc itself, as one with a linked-in allocator does. It
// is looked at, never run.
#include <cstddef>

extern "C" {
void* malloc(std::size_t) {
  return nullptr;
}
void* mi_malloc(std::size_t) {
  return nullptr;
}
void xfree(void*) {}
}

int main() {
  return 0;
}
