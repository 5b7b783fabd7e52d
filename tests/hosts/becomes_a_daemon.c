/* The double fork of a daemon: new session, second fork, standard streams elsewhere. The root waits
 * until the daemon is done (its end of a pipe closes), so the session holds all of it. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static void daemon_works(void) {
  const int null = open("/dev/null", O_RDWR);
  for (int descriptor = 0; descriptor < 3; ++descriptor) dup2(null, descriptor);
  close(null);
  keep(malloc(4321));
  _exit(0);
}

int main(void) {
  int ends[2];
  require(pipe(ends) == 0, "pipe");
  keep(malloc(10));
  const pid_t middle = fork();
  if (middle == 0) {
    close(ends[0]);
    setsid();
    if (fork() == 0) daemon_works();
    _exit(0);
  }
  close(ends[1]);
  require(waitpid(middle, NULL, 0) == middle, "waitpid");
  char byte = 0;
  require(read(ends[0], &byte, 1) == 0, "the daemon's end of the pipe");
  say("daemon done\n");
  return 0;
}
