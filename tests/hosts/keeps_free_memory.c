/* Frees 64 MiB below a block that stays, so that the allocator keeps them; then prints its pid and
 * goes on with small blocks until its input ends. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

enum { kBlocks = 65536, kBytes = 1000 };

int main(void) {
  static char* blocks[kBlocks];
  for (int i = 0; i < kBlocks; ++i) {
    blocks[i] = malloc(kBytes);
    memset(blocks[i], 1, kBytes);
  }
  char* stays = malloc(kBytes);
  for (int i = 0; i < kBlocks; ++i) free(blocks[i]);
  say("%d\n", (int)getpid());
  struct pollfd input = {0, POLLIN, 0};
  while (poll(&input, 1, 1) == 0) free(malloc(100));
  free(stays);
  return 0;
}
