/* Allocates 100 bytes and ends in the way that is named: return, exit, _exit, quick_exit, a signal.
 * The block must be reported and the status must be the program's own, whichever it was. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void allocate(void) {
  keep(malloc(100));
}

static int end(const char* way) {
  volatile int* const nowhere = NULL;
  if (strcmp(way, "exit") == 0) exit(3);
  if (strcmp(way, "_exit") == 0) _exit(4);
  if (strcmp(way, "quick_exit") == 0) quick_exit(5);
  if (strcmp(way, "exit_group") == 0) syscall(SYS_exit_group, 6);
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "segv") == 0) *nowhere = 1;
  if (strcmp(way, "term") == 0) raise(SIGTERM);
  if (strcmp(way, "kill") == 0) raise(SIGKILL);
  return 42;
}

int main(int argc, char** argv) {
  require(argc == 2, "usage: exits_in_a_way WAY");
  allocate();
  say("%s\n", argv[1]);
  return end(argv[1]);
}
