// Every function that asks for memory, called with failures made by --inject-failure stack=fails_:
// each fails as the real one does, and leaves what it must leave. What goes on in other_* succeeds.
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "tests/hosts/host.h"

namespace {

constexpr int kOther = 77;
volatile size_t small = 100;

void require_null(const void* block, const char* what) {
  require(block == nullptr, what);
  require(errno == ENOMEM, what);
  errno = kOther;
}

HOST_NOINLINE void fails_in_c() {
  errno = kOther;
  require_null(keep(malloc(small)), "malloc");
  require_null(keep(calloc(small, 2)), "calloc");
  require_null(keep(realloc(nullptr, small)), "realloc of nothing");
  require_null(keep(reallocarray(nullptr, small, 3)), "reallocarray of nothing");
  require_null(keep(aligned_alloc(64, 128)), "aligned_alloc");
  require_null(keep(memalign(64, small)), "memalign");
  require_null(keep(valloc(small)), "valloc");
  require_null(keep(pvalloc(small)), "pvalloc");
  void* place = &place;
  require(posix_memalign(&place, 64, small) == ENOMEM, "posix_memalign's result");
  require(place == &place && errno == kOther, "posix_memalign leaves place and errno alone");
}

// Where the compiler does not follow it: it takes every realloc for one that frees.
char* volatile old_block;

HOST_NOINLINE void fails_to_reallocate() {
  require_null(keep(realloc(old_block, 5000)), "realloc");
  require(memcmp(old_block, "still here", 11) == 0, "realloc keeps the old block");
  require_null(keep(reallocarray(old_block, 5000, 2)), "reallocarray");
  require(memcmp(old_block, "still here", 11) == 0, "reallocarray keeps the old block");
  require(realloc(old_block, 0) == nullptr && errno == kOther, "realloc of no bytes frees");
}

HOST_NOINLINE void fails_with_pages(void* pages) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  require(mmap(nullptr, 4096, PROT_READ, flags, -1, 0) == MAP_FAILED && errno == ENOMEM, "mmap");
  require(mremap(pages, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM, "mremap");
  *static_cast<volatile char*>(pages) = 1;
  require(sbrk(0) != MAP_FAILED, "sbrk that asks for nothing");
  require(sbrk(4096) == MAP_FAILED && errno == ENOMEM, "sbrk");
  require(brk(static_cast<char*>(sbrk(0)) + 4096) == -1 && errno == ENOMEM, "brk");
}

HOST_NOINLINE void fails_in_new() {
  constexpr auto kAlignment = std::align_val_t{128};
  const auto throws = [](auto allocation) {
    try {
      keep(allocation());
      return false;
    } catch (const std::bad_alloc&) {
      return true;
    }
  };
  require(throws([] { return ::operator new(small); }), "new");
  require(throws([] { return ::operator new[](small); }), "new[]");
  require(throws([&] { return ::operator new(small, kAlignment); }), "new aligned");
  require(throws([&] { return ::operator new[](small, kAlignment); }), "new[] aligned");
  require(::operator new(small, std::nothrow) == nullptr, "new nothrow");
  require(::operator new[](small, std::nothrow) == nullptr, "new[] nothrow");
  require(::operator new(small, kAlignment, std::nothrow) == nullptr, "new aligned nothrow");
  require(::operator new[](small, kAlignment, std::nothrow) == nullptr, "new[] aligned nothrow");
}

int handled = 0;

void give_up_after_three() {
  if (++handled == 3) throw std::bad_alloc();
}

HOST_NOINLINE void fails_in_new_with_handler() {
  std::set_new_handler(give_up_after_three);
  try {
    keep(::operator new(small));
    require(0, "new with a handler");
  } catch (const std::bad_alloc&) {
    require(handled == 3, "the handler is called until it gives up");
  }
  handled = 0;
  require(::operator new(small, std::nothrow) == nullptr&& handled == 3, "nothrow, with a handler");
  std::set_new_handler(nullptr);
}

}  // namespace

int main() {
  old_block = static_cast<char*>(malloc(small));
  require(old_block != nullptr, "what nobody made fail");
  memcpy(old_block, "still here", 11);
  void* pages = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  fails_in_c();
  fails_to_reallocate();
  fails_with_pages(pages);
  fails_in_new();
  fails_in_new_with_handler();
  free(keep(malloc(small)));
  say("as the real ones\n");
  return 0;
}
