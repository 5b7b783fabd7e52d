/* Sets a limit to next to nothing, or next to nothing more than is used already (nofile, as, fsize,
 * stack, memlock, data), allocates, starts a thread, forks, and executes itself under the limit. A
 * tracer that needs more than the program does may record less, but breaks nothing. usage:
 * limits_itself WHICH */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static const struct {
  const char* name;
  int resource;
  rlim_t limit;
  int beyond; /* the field of statm to add it to; 0: none */
} kLimits[] = {{"nofile", RLIMIT_NOFILE, 4, 0},         {"as", RLIMIT_AS, 32 << 20, 1},
               {"fsize", RLIMIT_FSIZE, 0, 0},           {"stack", RLIMIT_STACK, 96 << 10, 0},
               {"memlock", RLIMIT_MEMLOCK, 0, 0},       {"data", RLIMIT_DATA, 4 << 20, 6},
               {"sigpending", RLIMIT_SIGPENDING, 0, 0}, {"core", RLIMIT_CORE, 0, 0}};

static rlim_t pages_in_use(int field) {
  unsigned long pages[7] = {0};
  char text[200] = {0};
  const int file = open("/proc/self/statm", O_RDONLY);
  require(file >= 0 && read(file, text, sizeof text - 1) > 0, "statm");
  close(file);
  char* at = text;
  for (int i = 0; i < 7; ++i) pages[i] = strtoul(at, &at, 10);
  return pages[field - 1];
}

static void set_limit(const char* name) {
  for (size_t i = 0; i < sizeof kLimits / sizeof kLimits[0]; ++i) {
    if (strcmp(kLimits[i].name, name) != 0) continue;
    const rlim_t before = kLimits[i].beyond > 0 ? pages_in_use(kLimits[i].beyond) * 4096 : 0;
    const struct rlimit limit = {before + kLimits[i].limit, before + kLimits[i].limit};
    require(setrlimit((__rlimit_resource_t)kLimits[i].resource, &limit) == 0, "setrlimit");
    return;
  }
  require(0, "which limit");
}

HOST_NOINLINE static void* allocates(void* unused) {
  for (int i = 0; i < 1000; ++i) {
    void* const block = keep(malloc(100));
    if (i % 2 == 0) free(block);
  }
  return unused;
}

static int wait_for(pid_t child) {
  int status = 0;
  require(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int main(int argc, char** argv) {
  require(argc >= 2, "usage: limits_itself WHICH");
  allocates(NULL);
  if (argc > 2) return 12; /* executed under the limit */
  set_limit(argv[1]);
  allocates(NULL);
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  require(pthread_create(&thread, &small, allocates, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  pid_t child = fork();
  if (child == 0) {
    allocates(NULL);
    _exit(11);
  }
  say("forked %d\n", wait_for(child));
  child = fork();
  if (child == 0) {
    execl("/proc/self/exe", argv[0], argv[1], "again", NULL);
    _exit(96);
  }
  say("executed %d\n", wait_for(child));
  return 0;
}
