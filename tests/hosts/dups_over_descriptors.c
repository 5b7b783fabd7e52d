/* Puts a descriptor of its own on every number, closes ranges of them, and looks at what it has
 * open: whatever a tracer keeps there would be replaced, closed, or seen. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static int count_open(void) {
  int open_ones = 0;
  for (int number = 0; number < 1024; ++number) open_ones += fcntl(number, F_GETFD) >= 0;
  return open_ones;
}

int main(void) {
  say("%d open\n", count_open());
  keep(malloc(10));
  const int null = open("/dev/null", O_RDWR);
  for (int number = 3; number < 500; ++number) require(dup2(null, number) == number, "dup2");
  for (int i = 0; i < 1000; ++i) free(keep(malloc(20)));
  say("%d open\n", count_open());
  const pid_t child = fork();
  if (child == 0) {
    keep(malloc(30));
    _exit(count_open() & 0x7f);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  syscall(SYS_close_range, 3U, ~0U, 0U);
  for (int i = 0; i < 1000; ++i) free(keep(malloc(20)));
  say("%d open, %d in the child\n", count_open(), WEXITSTATUS(status));
  return 0;
}
