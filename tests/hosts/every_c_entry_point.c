/* Every allocating and freeing function of C once, each with a size of its own. One block stays. */
#include <malloc.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

/* C23; glibc 2.36 has neither, so they are there only where an interposer brings them. */
__attribute__((weak)) void free_sized(void* block, size_t size);
__attribute__((weak)) void free_aligned_sized(void* block, size_t alignment, size_t size);

int main(void) {
  free(keep(malloc(100)));
  free(keep(calloc(3, 50)));

  void* grown = keep(realloc(NULL, 200));
  grown = keep(realloc(grown, 300));
  free(grown);

  void* array = keep(reallocarray(NULL, 10, 40));
  array = keep(reallocarray(array, 10, 50));
  free(array);

  void* aligned = NULL;
  require(posix_memalign(&aligned, 64, 600) == 0, "posix_memalign failed");
  free(keep(aligned));
  free(keep(aligned_alloc(64, 640)));
  free(keep(memalign(128, 700)));
  free(keep(valloc(800)));
  free(keep(pvalloc(900)));

  void* sized = keep(malloc(1000));
  if (free_sized != NULL)
    free_sized(sized, 1000);
  else
    free(sized);
  void* sized_aligned = keep(aligned_alloc(32, 1024));
  if (free_aligned_sized != NULL)
    free_aligned_sized(sized_aligned, 32, 1024);
  else
    free(sized_aligned);

  void* stays = keep(malloc(11));
  require(malloc_usable_size(stays) >= 11, "malloc_usable_size is too small");
  say("done\n");
  return 0;
}
