/* Leaves the namespaces it was started in, one kind after the other, and forks: the child is
 * process 1 of its own world, and another number in the tracer's. Who is not root first becomes it
 * in a user namespace, where the system lets him. */
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

int main(void) {
  static const int kinds[] = {CLONE_NEWUTS,    CLONE_NEWIPC,  CLONE_NEWNET, CLONE_NEWNS,
                              CLONE_NEWCGROUP, CLONE_NEWUSER, CLONE_NEWPID};
  const int count = (int)(sizeof kinds / sizeof kinds[0]);
  const int is_root = geteuid() == 0;
  const int is_user = !is_root && unshare(CLONE_NEWUSER) == 0;
  keep(malloc(10));
  int left = 0;
  for (int i = 0; i < count; ++i) {
    left += (is_user && kinds[i] == CLONE_NEWUSER) || unshare(kinds[i]) == 0;
    keep(malloc(20));
  }
  require(!is_root || left == count, "root may leave every namespace");
  if (left < count) degraded("needs root, or user namespaces");
  say("%d left\n", left);
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int block = 0; block < 10; ++block) keep(malloc(30));
      _exit(7);
    }
    int status = 0;
    if (child > 0) require(waitpid(child, &status, 0) == child, "waitpid");
    say("child %d\n",
        child > 0 ? WEXITSTATUS(status) : -1); /* the second: their process 1 is gone */
  }
  return 0;
}
