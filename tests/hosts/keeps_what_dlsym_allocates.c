/* A program that stands in front of dlsym and allocates there, as some tools do: a tracer that
 * looks its functions up serves these calls before it has any. The blocks are used, enlarged and
 * freed like any other. dlsym depends on who calls it, so the real one is jumped to (sibling calls
 * are on). */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

#define MOST 8
#define SIZE 40
#if defined(__aarch64__) /* the first version that libc has on this processor */
#define OLDEST "GLIBC_2.17"
#else
#define OLDEST "GLIBC_2.2.5"
#endif

static char* kept[MOST];
static int count;

typedef void* Look(void*, const char*);
static Look* real;

void* dlsym(void* handle, const char* name) {
  if (real == NULL) real = (Look*)dlvsym(RTLD_NEXT, "dlsym", OLDEST);
  if (count < MOST) {
    char* const block = keep(malloc(SIZE));
    if (block != NULL) memset(block, 'a', SIZE);
    kept[count++] = block;
  }
  return real(handle, name);
}

int main(void) {
  while (count < MOST) require(dlsym(RTLD_DEFAULT, "getpid") != NULL, "dlsym");
  for (int i = 0; i < MOST; ++i) {
    require(kept[i] != NULL, "a block");
    require(malloc_usable_size(kept[i]) >= SIZE, "its size");
    if (i % 2 == 0) {
      kept[i] = keep(realloc(kept[i], 5000));
      require(kept[i] != NULL, "realloc");
      kept[i][4999] = 'b';
    }
    for (int at = 0; at < SIZE; ++at) require(kept[i][at] == 'a', "its content");
    free(kept[i]);
  }
  free(keep(malloc(100)));
  say("%d blocks\n", MOST);
  return 0;
}
