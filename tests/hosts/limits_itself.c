/* Sets a limit to next to nothing (nofile, as, fsize, stack, memlock, data), allocates, starts a
 * thread, forks, and executes itself under the limit. A tracer that needs more than the program does
 * may record less, but breaks nothing. usage: limits_itself WHICH */
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
} kLimits[] = {{"nofile", RLIMIT_NOFILE, 4},          {"as", RLIMIT_AS, 64 << 20},
               {"fsize", RLIMIT_FSIZE, 0},            {"stack", RLIMIT_STACK, 96 << 10},
               {"memlock", RLIMIT_MEMLOCK, 0},        {"data", RLIMIT_DATA, 32 << 20},
               {"sigpending", RLIMIT_SIGPENDING, 0},  {"core", RLIMIT_CORE, 0}};

static void set_limit(const char* name) {
  for (size_t i = 0; i < sizeof kLimits / sizeof kLimits[0]; ++i) {
    if (strcmp(kLimits[i].name, name) != 0) continue;
    const struct rlimit limit = {kLimits[i].limit, kLimits[i].limit};
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
