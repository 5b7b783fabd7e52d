// Built once for every allocator that programs bring along, as a library and linked in statically:
// C and C++ functions, aligned blocks, blocks that another thread frees, fork.
#include <malloc.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "tests/hosts/host.h"

namespace {

void use_c() {
  for (std::size_t size = 1; size < 200000; size = size * 3 + 1) {
    void* block = keep(std::malloc(size));
    std::memset(block, 1, size);
    block = keep(std::realloc(block, size * 2));
    require(malloc_usable_size(block) >= size * 2, "usable size");
    std::free(block);
    std::free(keep(std::calloc(3, size)));
    void* aligned = nullptr;
    require(posix_memalign(&aligned, 4096, size) == 0, "posix_memalign");
    require(reinterpret_cast<std::uintptr_t>(aligned) % 4096 == 0, "alignment");
    std::free(aligned);
  }
}

struct alignas(128) Aligned {
  char bytes[300];
};

void use_cxx() {
  std::vector<char*> kept;
  for (int i = 0; i < 500; ++i) kept.push_back(new char[100]);
  std::thread([&] {
    for (char* block : kept) delete[] block;
  }).join();
  delete static_cast<Aligned*>(keep(new Aligned));
  const volatile std::size_t too_much = ~std::size_t{0} / 4;
  require(new (std::nothrow) char[too_much] == nullptr, "too much");
}

}  // namespace

int main() {
  use_c();
  use_cxx();
  const pid_t child = fork();
  if (child == 0) {
    use_c();
    use_cxx();
    _exit(3);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  keep(std::malloc(123));
  say("child %d\n", WEXITSTATUS(status));
  return 0;
}
