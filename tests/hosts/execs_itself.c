/* One pid, several images: execs itself N times and ends; image N keeps a block of 100·(N+1) bytes.
 */
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(int argc, char** argv) {
  require(argc == 2, "usage: execs_itself N");
  const int left = atoi(argv[1]);
  keep(malloc((size_t)(100 * (left + 1))));
  if (left == 0) {
    say("last image\n");
    return 9;
  }
  char number[16];
  snprintf(number, sizeof number, "%d", left - 1);
  execv(argv[0], (char*[]){argv[0], number, NULL});
  return 98;
}
