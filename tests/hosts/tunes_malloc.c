/* A program that knows its libc: mallopt, mallinfo2, malloc_trim, malloc_usable_size and every byte
 * of what that promises, malloc_info, and fopen on memory. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

int main(void) {
  static void* blocks[1000];
  require(mallopt(M_MMAP_THRESHOLD, 64 << 10) == 1, "mallopt");
  require(mallopt(M_ARENA_MAX, 1) == 1, "mallopt");
  require(mallopt(M_PERTURB, 0x5a) == 1, "mallopt");
  for (size_t i = 0; i < 1000; ++i) {
    blocks[i] = keep(malloc(i * 100));
    memset(blocks[i], 7, malloc_usable_size(blocks[i]));
  }
  const struct mallinfo2 before = mallinfo2();
  for (size_t i = 0; i < 1000; i += 2) free(blocks[i]);
  const struct mallinfo2 after = mallinfo2();
  require(after.uordblks < before.uordblks, "mallinfo2");
  require(malloc_usable_size(NULL) == 0, "usable size of nothing");
  malloc_trim(0);
  char* text = NULL;
  size_t size = 0;
  FILE* const memory = open_memstream(&text, &size);
  require(memory != NULL && malloc_info(0, memory) == 0 && fclose(memory) == 0, "malloc_info");
  require(strstr(text, "<malloc version") != NULL, "what malloc_info says");
  free(text);
  say("done\n");
  return 0;
}
