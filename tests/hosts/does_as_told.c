/* The target of the daemon's tests: says "ready PID", then does what each line of its standard
 * input says and answers "done", until the input ends; "bye" and status 0 then.
 *
 *   keep N    N blocks of 100 bytes that stay       large N   one of N bytes that stays, untouched
 *   resize N  that one is N bytes from now on           drop      and is freed
 *   fail      malloc of more than there is          lose N    N blocks of 100 bytes, forgotten
 *   sites A B S  a block of S bytes from each of the stacks A to B - 1, which stay (B up to 65536)
 *   fork N    N children, which wait to be killed by the end of this process; says "child PID" each
 *   touch N   one block of N bytes, written to      map N     an anonymous mapping of N bytes,
 * written share N   shared memory of N bytes, written to  thread N  a thread that has N bytes of
 * its stack written to exec PATH becomes that program, which does as this one title T   writes T
 * over its arguments, NULs over the rest of them, as setproctitle does */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void keeps(long count) {
  void** const blocks = keep(malloc((size_t)count * sizeof(void*)));
  for (long i = 0; i < count; ++i) blocks[i] = keep(malloc(100));
}

/* A stack for each number: its bits, from the lowest on, are the calls on the way. */
HOST_NOINLINE static void goes_left(unsigned rest, unsigned bits, size_t bytes);
HOST_NOINLINE static void goes_right(unsigned rest, unsigned bits, size_t bytes) {
  if (bits == 0) {
    keep(malloc(bytes));
  } else if (rest % 2 == 0) {
    goes_left(rest / 2, bits - 1, bytes);
  } else {
    goes_right(rest / 2, bits - 1, bytes);
  }
  keep(NULL); /* no tail call */
}

HOST_NOINLINE static void goes_left(unsigned rest, unsigned bits, size_t bytes) {
  if (bits == 0) {
    keep(malloc(bytes));
  } else if (rest % 2 == 0) {
    goes_left(rest / 2, bits - 1, bytes);
  } else {
    goes_right(rest / 2, bits - 1, bytes);
  }
  keep(NULL);
}

static void spreads(const char* arguments) {
  char* end = NULL;
  const unsigned long from = strtoul(arguments, &end, 10), to = strtoul(end, &end, 10);
  const size_t bytes = strtoul(end, NULL, 10);
  for (unsigned long i = from; i < to; ++i) goes_left((unsigned)i, 16, bytes);
}

HOST_NOINLINE static void loses(long count) {
  for (long i = 0; i < count; ++i) keep(malloc(100));
}

/* Overwrites what calls left on the stack: no stale pointer may keep a block reachable. */
HOST_NOINLINE static void forgets(void) {
  volatile char room[8192];
  for (unsigned i = 0; i < sizeof room; ++i) room[i] = 0;
}

static void forks(long count) {
  const pid_t parent = getpid();
  for (long i = 0; i < count; ++i) {
    const pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(0); /* it has ended already */
      free(keep(malloc(10)));
      for (;;) pause();
    }
    say("child %d\n", (int)child);
  }
}

static void retitles(int argc, char** argv, const char* title) {
  char* const last = argv[argc - 1];
  const size_t room = (size_t)(last + strlen(last) - argv[0]);
  require(strlen(title) <= room, "a title that fits");
  memset(argv[0], 0, room);
  memcpy(argv[0], title, strlen(title));
}

/* By hand: standard input buffers would be blocks too. */
static int next_line(char* line, size_t room) {
  size_t used = 0;
  while (used + 1 < room && read(STDIN_FILENO, line + used, 1) == 1) {
    if (line[used] == '\n') {
      line[used] = '\0';
      return 1;
    }
    ++used;
  }
  return 0;
}

/* No thread may end while its stack is looked at. */
static void* waits(void* bytes) {
  char* const room = alloca((size_t)bytes);
  memset(room, 1, (size_t)bytes);
  keep(room);
  say("done\n");
  for (;;) pause();
  return NULL;
}

static void starts(size_t bytes) {
  pthread_t thread;
  require(pthread_create(&thread, NULL, waits, (void*)bytes) == 0, "pthread_create");
}

static void* maps(size_t bytes, int how) {
  void* const memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "mmap");
  return memset(memory, 1, bytes);
}

static void *kept_large, *kept_touched;
static volatile size_t huge = (size_t)1 << 63;

int main(int argc, char** argv) {
  char line[512];
  free(keep(malloc(10)));
  say("ready %d\n", (int)getpid());
  while (next_line(line, sizeof line)) {
    char* const space = strchr(line, ' ');
    const char* const argument = space != NULL ? space + 1 : "";
    if (space != NULL) *space = '\0';
    if (strcmp(line, "keep") == 0) keeps(atol(argument));
    if (strcmp(line, "sites") == 0) spreads(argument);
    if (strcmp(line, "lose") == 0) loses(atol(argument));
    if (strcmp(line, "large") == 0) kept_large = keep(malloc((size_t)atol(argument)));
    const size_t bytes = (size_t)atol(argument);
    if (strcmp(line, "touch") == 0) kept_touched = memset(keep(malloc(bytes)), 1, bytes);
    if (strcmp(line, "map") == 0) maps(bytes, MAP_PRIVATE);
    if (strcmp(line, "share") == 0) maps(bytes, MAP_SHARED);
    if (strcmp(line, "thread") == 0) {
      starts(bytes);
      continue; /* it says when it is done */
    }
    if (strcmp(line, "resize") == 0) kept_large = keep(realloc(kept_large, (size_t)atol(argument)));
    if (strcmp(line, "drop") == 0) {
      free(kept_large);
      kept_large = NULL;
    }
    if (strcmp(line, "fail") == 0) require(malloc(huge) == NULL, "too much");
    if (strcmp(line, "fork") == 0) forks(atol(argument));
    if (strcmp(line, "exec") == 0) execl(argument, argument, (char*)NULL);
    if (strcmp(line, "title") == 0) retitles(argc, argv, argument);
    forgets();
    say("done\n");
  }
  say("bye\n");
  exit(0); /* not a return: so it is known on every kernel how it has ended */
}
