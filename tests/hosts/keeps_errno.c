/* A successful call leaves errno as it was, traced or not: of main, of a forked child at its first
 * call, of one that can have no descriptor and so cannot be recorded, and of one in a sandbox.
 * Large and small sizes, many times, so that the tracer's rare paths (new ring memory, new stack
 * nodes) are taken as well. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static void unchanged(const char* what) {
  require(errno == 77, what);
  errno = 77;
}

static void call_the_heap(size_t size) {
  void* block = keep(malloc(size));
  unchanged("errno after malloc");
  block = keep(realloc(block, size * 2));
  unchanged("errno after realloc");
  block = keep(reallocarray(block, 3, size));
  unchanged("errno after reallocarray");
  free(block);
  unchanged("errno after free");
  free(keep(calloc(2, size)));
  unchanged("errno after calloc and free");
  void* aligned = NULL;
  require(posix_memalign(&aligned, 256, size) == 0, "posix_memalign failed");
  unchanged("errno after posix_memalign");
  free(aligned);
  free(keep(aligned_alloc(256, (size + 255) / 256 * 256)));
  unchanged("errno after aligned_alloc and free");
}

static void call_for_pages(size_t size) {
  void* pages = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unchanged("errno after mmap");
  pages = mremap(pages, size, 3 * size, MREMAP_MAYMOVE);
  unchanged("errno after mremap");
  munmap(pages, 3 * size);
  unchanged("errno after munmap");
}

/* Natively sbrk itself sets errno where it fails alone; where libc has none it always fails. */
static void move_the_break(void) {
#ifdef __GLIBC__
  void* const end = sbrk(0);
  unchanged("errno after sbrk(0)");
  require(sbrk(4096) == end, "sbrk");
  unchanged("errno after sbrk");
  require(sbrk(-4096) != (void*)-1, "sbrk back"); /* malloc may not have moved it since */
  unchanged("errno after sbrk back");
  require(brk(end) == 0, "brk");
  unchanged("errno after brk");
#endif
}

HOST_NOINLINE static void at_depth(int depth, size_t size) {
  if (depth > 0) {
    at_depth(depth - 1, size);
    __asm__ volatile("");
    return;
  }
  call_the_heap(size);
  call_for_pages(size);
}

static void call_in_a_child(void) {
  errno = 77;
  const pid_t child = fork();
  unchanged("errno after fork");
  if (child == 0) {
    call_the_heap(100);
    call_for_pages(100);
    move_the_break();
    _exit(5);
  }
  int status = 0;
  require(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
  unchanged("errno after waitpid");
  require(WIFEXITED(status) && WEXITSTATUS(status) == 5, "the child");
}

/* The first can have no descriptor, which it would take to tell anybody of it. */
static void call_in_children_that_are_not_recorded(void) {
  struct rlimit before, none;
  require(getrlimit(RLIMIT_NOFILE, &before) == 0, "getrlimit");
  none = before;
  none.rlim_cur = 0;
  require(setrlimit(RLIMIT_NOFILE, &none) == 0, "setrlimit");
  call_in_a_child();
  require(setrlimit(RLIMIT_NOFILE, &before) == 0, "setrlimit back");
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  call_in_a_child();
}

int main(int argc, char** words) {
  require(errno == 0, "errno at the start");
  errno = 77;
  move_the_break();
  for (int i = 0; i < 2000; ++i) at_depth(i % 50, 1 + (size_t)(i % 7) * 40000);
  call_in_a_child();
  if (argc > 1 && strcmp(words[1], "unrecorded") == 0) call_in_children_that_are_not_recorded();
  say("errno kept\n");
  return 0;
}
