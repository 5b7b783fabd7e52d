/* Gives something up that a tracer may need to know its children, then forks one that allocates
 * 1000 blocks; as other users than root it only forks where root is needed. usage:
 * gives_something_up WHAT
 *   user        becomes another user, as a daemon does
 *   user_later  the child does, as workers of a server do
 *   root        changes its root directory
 *   nofile3, nofile4   has no descriptor left, or one
 *   orphan      as user; the child comes to itself when its parent has ended */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

enum { kNobody = 65534 };

static void become_nobody(void) {
  if (geteuid() != 0) return;
  require(setgid(kNobody) == 0 && setuid(kNobody) == 0, "setuid");
}

static void leave_root(void) {
  if (geteuid() != 0) return;
  require(chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0, "chroot");
}

static void limit_descriptors(rlim_t limit) {
  const struct rlimit few = {limit, limit};
  require(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
}

HOST_NOINLINE static void allocate(int blocks) {
  for (int i = 0; i < blocks; ++i) keep(malloc(100));
}

static int wait_for(pid_t child) {
  int status = 0;
  require(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void sleep_in_child(void) {
  usleep(100000);
}

/* A child whose parent is gone, and a process in between that ends at once. */
static int fork_orphan(void) {
  int ends[2];
  require(pipe(ends) == 0, "pipe");
  const pid_t daemon = fork();
  if (daemon == 0) {
    become_nobody();
    require(pthread_atfork(NULL, NULL, sleep_in_child) == 0, "pthread_atfork");
    const pid_t orphan = fork();
    if (orphan == 0) {
      allocate(1000);
      require(write(ends[1], "7", 1) == 1, "write");
    }
    _exit(0);
  }
  close(ends[1]);
  require(wait_for(daemon) == 0, "the one in between");
  char word = 0;
  require(read(ends[0], &word, 1) == 1, "read");
  return word - '0';
}

int main(int argc, char** words) {
  require(argc == 2, "usage: gives_something_up WHAT");
  const char* const what = words[1];
  allocate(10);
  if (strcmp(what, "user") == 0) become_nobody();
  if (strcmp(what, "root") == 0) leave_root();
  if (strcmp(what, "nofile3") == 0) limit_descriptors(3);
  if (strcmp(what, "nofile4") == 0) limit_descriptors(4);
  allocate(10);
  int status = 0;
  if (strcmp(what, "orphan") == 0) {
    status = fork_orphan();
  } else {
    const pid_t child = fork();
    if (child == 0) {
      if (strcmp(what, "user_later") == 0) become_nobody();
      allocate(1000);
      _exit(7);
    }
    status = wait_for(child);
  }
  say("child %d\n", status);
  return 0;
}
