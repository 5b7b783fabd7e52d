/* Processes that no fork of libc's has made: clone with its own stack and odd flags, and the bare
 * system calls. Each child keeps a block of 321 bytes; where it shares memory it is the parent's.
 * usage: clones_in_odd_ways WAY */
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static char child_stack[1 << 18] __attribute__((aligned(64)));

static int child_main(void* unused) {
  (void)unused;
  keep(malloc(321));
  free(keep(malloc(20)));
  return 6;
}

static pid_t clone_with(int flags) {
  return clone(child_main, child_stack + sizeof child_stack, flags, NULL);
}

static pid_t fork_by(long (*call)(void)) {
  const long child = call();
  if (child == 0) _exit(child_main(NULL));
  return (pid_t)child;
}

#ifdef SYS_fork /* newer processors have clone alone */
static long raw_fork(void) {
  return syscall(SYS_fork);
}
#endif
static long raw_clone(void) {
  return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static long raw_clone3(void) {
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.exit_signal = SIGCHLD;
  return syscall(SYS_clone3, &arguments, sizeof arguments);
}
/* Who is not root may do so in a user namespace, where the system lets him. */
static long raw_clone_into_namespace(void) {
  const int flags = CLONE_NEWPID | CLONE_NEWUTS | (geteuid() == 0 ? 0 : CLONE_NEWUSER) | SIGCHLD;
  const long child = syscall(SYS_clone, flags, 0, 0, 0, 0);
  if (child >= 0 || geteuid() == 0) return child;
  degraded("needs root, or user namespaces");
  return raw_clone();
}

static pid_t start(const char* way) {
  if (strcmp(way, "no_sharing") == 0) return clone_with(SIGCHLD);
  if (strcmp(way, "files") == 0) return clone_with(CLONE_FS | CLONE_FILES | CLONE_IO | SIGCHLD);
  if (strcmp(way, "memory") == 0) return clone_with(CLONE_VM | SIGCHLD);
  if (strcmp(way, "memory_and_wait") == 0) return clone_with(CLONE_VM | CLONE_VFORK | SIGCHLD);
  if (strcmp(way, "memory_and_handlers") == 0)
    return clone_with(CLONE_VM | CLONE_SIGHAND | CLONE_FILES | SIGCHLD);
  if (strcmp(way, "no_signal") == 0) return clone_with(0);
#ifdef SYS_fork
  if (strcmp(way, "raw_fork") == 0) return fork_by(raw_fork);
#endif
  if (strcmp(way, "raw_clone") == 0) return fork_by(raw_clone);
  if (strcmp(way, "raw_clone3") == 0) return fork_by(raw_clone3);
  if (strcmp(way, "namespace") == 0) return fork_by(raw_clone_into_namespace);
  return -1;
}

int main(int argc, char** argv) {
  require(argc == 2, "usage: clones_in_odd_ways WAY");
  keep(malloc(1000));
  const pid_t child = start(argv[1]);
  int status = 0;
  require(child > 0 && waitpid(child, &status, __WALL) == child, "the child");
  keep(malloc(2000));
  say("status %d\n", WEXITSTATUS(status));
  return 0;
}
