// Blocks that are held by a pointer to their inside, as C++ and C libraries do it: no leaks. Sizes
// tell them apart, as the test has them.
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/hosts/host.h"

void* g_array;
void* g_second;
void* g_text;
void* g_prefixed;

namespace {

struct Counted {
  ~Counted() { value = 0; }
  long value = 1;
};
struct First {
  virtual ~First() = default;
  long a = 1;
};
struct Second {
  virtual ~Second() = default;
  long b = 2;
};
struct Both : First, Second {
  char room[700] = {};
};
struct Large {
  std::string text{"short"};
  char room[800] = {};
};

HOST_NOINLINE void hold_all() {
  g_array = new Counted[75];                              // 8 + 600
  g_second = static_cast<Second*>(new Both);              // 736
  g_text = const_cast<char*>((new Large)->text.c_str());  // 832
  auto* words = static_cast<std::size_t*>(malloc(908));
  words[0] = 900;
  g_prefixed = words + 1;
}

}  // namespace

int main() {
  hold_all();
  keep(&g_array);
  keep(&g_second);
  keep(&g_text);
  keep(&g_prefixed);
  return 0;
}
