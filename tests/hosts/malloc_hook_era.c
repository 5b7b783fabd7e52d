/* Code of the time when libc called __malloc_hook: it sets the variables where there still are any
 * and must come to no harm. First it clears them. Then it counts calls as the manual showed it, by
 * hooks that take themselves out, call the heap and put themselves in again; where libc's debug
 * library is loaded they are called. And mtrace, which writes a line for each call there
 * (MALLOC_TRACE says where to). */
#include <dlfcn.h>
#include <mcheck.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

typedef void* (*MallocHook)(size_t, const void*);
typedef void* (*ReallocHook)(void*, size_t, const void*);
typedef void (*FreeHook)(void*, const void*);

static MallocHook* malloc_hook;
static ReallocHook* realloc_hook;
static FreeHook* free_hook;
static int mallocs, reallocs, frees;

static void put_in(void);
static void take_out(void) {
  *malloc_hook = NULL;
  *realloc_hook = NULL;
  *free_hook = NULL;
}

static void* counts_malloc(size_t size, const void* caller) {
  (void)caller;
  take_out();
  ++mallocs;
  void* const block = malloc(size);
  put_in();
  return block;
}

static void* counts_realloc(void* old, size_t size, const void* caller) {
  (void)caller;
  take_out();
  ++reallocs;
  void* const block = realloc(old, size);
  put_in();
  return block;
}

static void counts_free(void* block, const void* caller) {
  (void)caller;
  take_out();
  ++frees;
  free(block);
  put_in();
}

static void put_in(void) {
  *malloc_hook = counts_malloc;
  *realloc_hook = counts_realloc;
  *free_hook = counts_free;
}

static void* variable(const char* name) {
  return dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");
}

static void clear_each(void) {
  static const char* const names[] = {"__malloc_hook", "__realloc_hook", "__free_hook",
                                      "__memalign_hook"};
  int present = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
    void** const hook = variable(names[i]);
    if (hook == NULL) continue;
    ++present;
    void* const before = *hook;
    *hook = NULL;
    free(keep(malloc(50)));
    *hook = before;
  }
  say("%d hooks\n", present);
}

static void count_calls(void) {
  malloc_hook = variable("__malloc_hook");
  realloc_hook = variable("__realloc_hook");
  free_hook = variable("__free_hook");
  if (malloc_hook == NULL || realloc_hook == NULL || free_hook == NULL) return;
  put_in();
  for (int i = 0; i < 10; ++i) free(keep(realloc(keep(malloc(100)), 300)));
  keep(malloc(30));
  take_out();
  say("%d mallocs, %d reallocs, %d frees\n", mallocs, reallocs, frees);
}

int main(void) {
  clear_each();
  count_calls();
  mtrace();
  for (int i = 0; i < 10; ++i) free(keep(realloc(keep(malloc(100)), 300)));
  keep(malloc(70));
  muntrace();
  return 0;
}
