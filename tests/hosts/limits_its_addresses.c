/* Limits its own address space (or data) to a figure, as `ulimit -v 40000` in a shell would, when
 * it is running already, and then uses a good part of it: what a tracer has mapped by then must
 * leave room. Then it forks, and the child maps where the tracer may have been. With limits that
 * are nowhere in memory the kernel says so, and the program goes on. usage: limits_its_addresses
 * as|data [syscall] | nowhere */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

#define LIMIT ((rlim_t)40000 << 10)
#define PIECE ((size_t)1 << 20)
#define PIECES 16

HOST_NOINLINE static void* allocates(void* unused) {
  for (int i = 0; i < 5000; ++i) free(keep(malloc(100)));
  return unused;
}

static int maps_pieces(void) {
  char* pieces[PIECES];
  for (int i = 0; i < PIECES; ++i) {
    pieces[i] = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pieces[i] == MAP_FAILED) return i;
    memset(pieces[i], i + 1, PIECE);
  }
  int whole = 0;
  allocates(NULL);
  for (int i = 0; i < PIECES; ++i) {
    whole += pieces[i][0] == i + 1 && pieces[i][PIECE - 1] == i + 1;
    require(munmap(pieces[i], PIECE) == 0, "munmap");
  }
  return whole;
}

static int sets_limits_that_are_nowhere(void) {
  const struct rlimit* const nowhere = (const struct rlimit*)16;
  struct rlimit before;
  require(getrlimit(RLIMIT_AS, &before) == 0, "getrlimit");
  allocates(NULL);
  say("setrlimit %d", setrlimit(RLIMIT_AS, nowhere) == -1 ? errno : 0);
  say(" prlimit %d", prlimit(0, RLIMIT_DATA, nowhere, NULL) == -1 ? errno : 0);
  say(" syscall %d\n", syscall(SYS_prlimit64, 0, RLIMIT_AS, nowhere, NULL) == -1 ? errno : 0);
  struct rlimit after;
  require(getrlimit(RLIMIT_AS, &after) == 0, "getrlimit");
  require(before.rlim_cur == after.rlim_cur, "the limit is what it was");
  return 0;
}

int main(int argc, char** argv) {
  require(argc >= 2, "usage: limits_its_addresses as|data [syscall] | nowhere");
  if (strcmp(argv[1], "nowhere") == 0) return sets_limits_that_are_nowhere();
  const struct rlimit limit = {LIMIT, LIMIT};
  allocates(NULL);
  const unsigned resource = strcmp(argv[1], "as") == 0 ? RLIMIT_AS : RLIMIT_DATA;
  if (argc > 2) {
    require(syscall(SYS_prlimit64, 0, resource, &limit, NULL) == 0, "prlimit");
  } else {
    require(setrlimit(resource, &limit) == 0, "setrlimit");
  }
  say("pieces %d\n", maps_pieces());
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  require(pthread_create(&thread, &small, allocates, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  /* Mapped before the fork, perhaps where the tracer was: it must be there in the child. */
  char* const kept =
      mmap(NULL, 4 * PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(kept != MAP_FAILED, "mmap");
  memset(kept, 7, 4 * PIECE);
  const pid_t child = fork();
  if (child == 0) {
    allocates(NULL);
    int sum = 0;
    for (size_t at = 0; at < 4 * PIECE; at += 4096) sum += kept[at];
    _exit(sum == 7 * 1024 ? 11 : 12);
  }
  int status = 0;
  require(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
  say("child %d, pieces %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
      maps_pieces());
  return 0;
}
