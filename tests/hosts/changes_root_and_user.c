/* Leaves the file system and the privileges the tracer was started with: chroot into an empty place
 * and another user id. A child forked there may be
 * beyond the tracer's reach, but must run. */
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

int main(void) {
  keep(malloc(10));
  if (geteuid() == 0) {
    require(chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0, "chroot");
    require(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
  } else {
    degraded("needs root, to leave the file system and the privileges");
  }
  for (int i = 0; i < 1000; ++i) keep(malloc(20));
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 100; ++i) keep(malloc(30));
    _exit(4);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  say("child %d\n", WEXITSTATUS(status));
  return 0;
}
