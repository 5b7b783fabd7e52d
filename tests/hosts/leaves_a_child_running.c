/* The root ends while its child lives on, waiting for the end of its standard input: the session
 * ends with the root, and the child is marked running and left in peace. */
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(void) {
  int ready[2];
  require(pipe(ready) == 0, "pipe");
  keep(malloc(100));
  if (fork() == 0) {
    keep(malloc(222));
    close(1);
    close(2);
    close(ready[0]);
    close(ready[1]);
    char byte = 0;
    while (read(0, &byte, 1) > 0) free(keep(malloc(8)));
    free(keep(malloc(8)));
    _exit(0);
  }
  close(ready[1]);
  char byte = 0;
  require(read(ready[0], &byte, 1) == 0, "the child's end of the pipe");
  say("root ends\n");
  return 0;
}
