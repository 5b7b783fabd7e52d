/* Prints what a program can see of itself besides environment and maps: open descriptors, threads,
 * signal handlers, blocked signals, children, the umask. Traced and untraced must read the same. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static void print_status_lines(void) {
  static char text[8192];
  const int file = open("/proc/self/status", O_RDONLY);
  const ssize_t length = read(file, text, sizeof text - 1);
  require(length > 0, "/proc/self/status");
  close(file);
  static const char* const kFields[] = {
      "Threads:", "SigBlk:", "SigIgn:", "SigCgt:", "NoNewPrivs:", "Seccomp:", "TracerPid:"};
  for (char* line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    for (size_t i = 0; i < sizeof kFields / sizeof kFields[0]; ++i)
      if (strncmp(line, kFields[i], strlen(kFields[i])) == 0) say("%s\n", line);
}

static void look(const char* when) {
  say("%s\n", when);
  for (int descriptor = 0; descriptor < 256; ++descriptor)
    if (fcntl(descriptor, F_GETFD) >= 0) say("descriptor %d\n", descriptor);
  print_status_lines();
  const mode_t mask = umask(0);
  umask(mask);
  say("umask %o\n", (unsigned)mask);
  say("children %s\n", waitpid(-1, NULL, WNOHANG) < 0 ? "none" : "some");
}

int main(void) {
  look("at the start");
  for (int i = 0; i < 10000; ++i) free(keep(malloc(100)));
  keep(malloc((size_t)8 << 20));
  look("after allocating");
  return 0;
}
