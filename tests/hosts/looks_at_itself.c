/* Prints what a program can see of itself besides maps: open descriptors, threads, signal handlers,
 * blocked signals, children, the umask, timers, and its environment but for the two variables that
 * memwatch adds. Traced and untraced must read the same. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
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

/* Those of setitimer, and the POSIX timers of timer_create. */
static void print_timers(void) {
  static const int kTimers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
  for (size_t i = 0; i < sizeof kTimers / sizeof kTimers[0]; ++i) {
    struct itimerval timer;
    require(getitimer(kTimers[i], &timer) == 0, "getitimer");
    say("timer %d: %ld s %ld us, every %ld s %ld us\n", kTimers[i], (long)timer.it_value.tv_sec,
        (long)timer.it_value.tv_usec, (long)timer.it_interval.tv_sec,
        (long)timer.it_interval.tv_usec);
  }
  char text[256];
  const int file = open("/proc/self/timers", O_RDONLY);
  if (file < 0) return; /* a kernel without checkpoint and restore */
  ssize_t length = 0;
  while ((length = read(file, text, sizeof text)) > 0) say("timers: %.*s\n", (int)length, text);
  require(length == 0, "/proc/self/timers");
  close(file);
}

extern char** environ;

static int is_added(const char* variable) {
  return strncmp(variable, "LD_PRELOAD=", 11) == 0 ||
         strncmp(variable, "MEMWATCH_OPTIONS=", 17) == 0;
}

/* In their order. Values may be long. */
static void print_environment(void) {
  for (char** variable = environ; *variable != NULL; ++variable) {
    if (is_added(*variable)) continue;
    unsigned sum = 0;
    for (const char* at = *variable; *at != '\0'; ++at) sum = sum * 31 + (unsigned char)*at;
    say("variable %.*s: %zu characters, %u\n", (int)strcspn(*variable, "="), *variable,
        strlen(*variable), sum);
  }
}

static void look(const char* when) {
  say("%s\n", when);
  for (int descriptor = 0; descriptor < 256; ++descriptor)
    if (fcntl(descriptor, F_GETFD) >= 0) say("descriptor %d\n", descriptor);
  print_status_lines();
  const mode_t mask = umask(0);
  umask(mask);
  say("umask %o\n", (unsigned)mask);
  print_timers();
  print_environment();
  say("children %s\n", waitpid(-1, NULL, WNOHANG) < 0 ? "none" : "some");
}

int main(void) {
  look("at the start");
  for (int i = 0; i < 10000; ++i) free(keep(malloc(100)));
  keep(malloc((size_t)8 << 20));
  look("after allocating");
  return 0;
}
