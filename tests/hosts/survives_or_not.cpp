// Sites that ask for memory, each with a fate of its own when it fails: for memwatch oom-sweep. All
// of them are passed in every run, "briefly" leaves out the one that would wait for ever. The calls
// have sizes of their own, by which a reader knows them.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "tests/hosts/host.h"

namespace {

HOST_NOINLINE void handles_it() {
  void* block = keep(malloc(101));
  if (block == nullptr) say("without the luxury\n");
  free(block);
}

HOST_NOINLINE void exits_cleanly() {
  void* block = keep(calloc(1, 102));
  if (block == nullptr) exit(3);
  free(block);
}

HOST_NOINLINE void dereferences_null() {
  auto* block = static_cast<char*>(keep(malloc(103)));
  memset(block, 1, 103);
  free(block);
}

HOST_NOINLINE void leaks_on_its_error_path() {
  void* first = keep(malloc(104));
  void* second = keep(malloc(105));
  if (second == nullptr) return;  // and first?
  free(second);
  free(first);
}

HOST_NOINLINE void waits_for_ever() {
  void* block = keep(malloc(106));
  while (block == nullptr) pause();
  free(block);
}

HOST_NOINLINE void catches() {
  try {
    ::operator delete(keep(::operator new(107)));
  } catch (const std::bad_alloc&) {
    exit(4);
  }
}

HOST_NOINLINE void catches_nothing() noexcept {
  ::operator delete(keep(::operator new(108)));
}

HOST_NOINLINE void aligned() {
  void* block = nullptr;
  if (posix_memalign(&block, 64, 109) != 0) exit(5);
  free(block);
}

HOST_NOINLINE void grows() {
  void* block = keep(malloc(110));
  if (block == nullptr) exit(6);
  void* larger = keep(realloc(block, 1110));
  if (larger == nullptr) {
    free(block);
    exit(7);
  }
  free(larger);
}

HOST_NOINLINE void maps() {
  void* pages = mmap(nullptr, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) exit(8);
  munmap(pages, 8192);
}

HOST_NOINLINE void overwrites_its_only_pointer() {
  void* block = keep(malloc(112));
  if (block == nullptr) exit(9);
  block = keep(realloc(block, 1112));  // and if that is null?
  free(block);
}

}  // namespace

int main(int count, char** arguments) {
  const bool is_brief = count > 1 && strcmp(arguments[1], "briefly") == 0;
  handles_it();
  exits_cleanly();
  dereferences_null();
  leaks_on_its_error_path();
  if (!is_brief) waits_for_ever();
  catches();
  catches_nothing();
  aligned();
  grows();
  maps();
  overwrites_its_only_pointer();
  return 0;
}
