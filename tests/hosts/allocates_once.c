/* The child of the process hosts: one block of 2345 bytes that stays, a line, exit status 5. */
#include <stdlib.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void child_allocates(void) {
  keep(malloc(2345));
}

int main(void) {
  child_allocates();
  say("child ran\n");
  return 5;
}
