// A successful new or delete of any form leaves errno as it was, traced or not: of main, and of a
// forked child at its first call.
#include <sys/wait.h>

#include <cerrno>
#include <new>

#include "tests/hosts/host.h"

namespace {

void unchanged(const char* what) {
  require(errno == 77, what);
  errno = 77;
}

void call_every_form(size_t size) {
  constexpr auto kAlignment = std::align_val_t{128};
  void* block = keep(::operator new(size));
  unchanged("errno after new");
  ::operator delete(block);
  unchanged("errno after delete");
  ::operator delete(keep(::operator new(size)), size);
  unchanged("errno after sized delete");
  ::operator delete[](keep(::operator new[](size)));
  unchanged("errno after new[] and delete[]");
  ::operator delete(keep(::operator new(size, std::nothrow)), std::nothrow);
  unchanged("errno after nothrow new and delete");
  ::operator delete(keep(::operator new(size, kAlignment)), kAlignment);
  unchanged("errno after aligned new and delete");
  ::operator delete[](keep(::operator new[](size, kAlignment, std::nothrow)), kAlignment);
  unchanged("errno after aligned nothrow new[] and delete[]");
}

}  // namespace

int main() {
  errno = 77;
  for (int i = 0; i < 2000; ++i) call_every_form(1 + static_cast<size_t>(i % 7) * 40000);
  const pid_t child = fork();
  unchanged("errno after fork");
  if (child == 0) {
    call_every_form(100);
    _exit(5);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  require(WIFEXITED(status) && WEXITSTATUS(status) == 5, "the child");
  say("errno kept\n");
  return 0;
}
