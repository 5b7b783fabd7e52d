/* A debugger of a kind: starts the program that its arguments name, traces every thread of it until
 * its end, and ends as it did. Linux allows a thread one tracer, so whoever else wants to stop the
 * program is refused (EPERM), whatever user it is. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static pid_t start_when_told(char** command, int* tell) {
  int gate[2];
  require(pipe(gate) == 0, "pipe");
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    char byte = 0;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(92);
    close(gate[0]);
    execv(command[0], command);
    _exit(93);
  }
  close(gate[0]);
  *tell = gate[1];
  return child;
}

/* What a stopped thread is to be given when it goes on: its signal, unless the stop is ptrace's. */
static uintptr_t signal_of(int status) {
  return status >> 16 != 0 ? 0 : (uintptr_t)WSTOPSIG(status);
}

int main(int argc, char** argv) {
  require(argc > 1, "a program to trace");
  int tell = -1;
  const pid_t child = start_when_told(argv + 1, &tell);
  require(ptrace(PTRACE_SEIZE, child, NULL, (void*)(uintptr_t)PTRACE_O_TRACECLONE) == 0, "ptrace");
  require(write(tell, "", 1) == 1 && close(tell) == 0, "telling it to start");
  for (;;) {
    int status = 0;
    const pid_t stopped = waitpid(-1, &status, __WALL);
    if (stopped < 0 && errno == EINTR) continue;
    require(stopped > 0, "waitpid");
    if (WIFSTOPPED(status)) {
      ptrace(PTRACE_CONT, stopped, NULL, (void*)signal_of(status));
    } else if (stopped == child) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
}
