/* Code of the time when libc called __malloc_hook: it sets the variables where there still are any
 * and must come to no harm. And mtrace, which writes a line for each call where libc's debug
 * library is loaded (MALLOC_TRACE says where to). */
#include <dlfcn.h>
#include <mcheck.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

static void** hook(const char* name) {
  return dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");
}

int main(void) {
  static const char* const names[] = {"__malloc_hook", "__realloc_hook", "__free_hook",
                                      "__memalign_hook"};
  int present = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
    void** const variable = hook(names[i]);
    if (variable == NULL) continue;
    ++present;
    void* const before = *variable;
    *variable = NULL;
    free(keep(malloc(50)));
    *variable = before;
  }
  mtrace();
  for (int i = 0; i < 10; ++i) free(keep(realloc(keep(malloc(100)), 300)));
  keep(malloc(70));
  muntrace();
  say("%d hooks\n", present);
  return 0;
}
