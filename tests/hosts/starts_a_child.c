/* Starts the program named second in the way named first, each way another road by which a tracer
 * could lose the child: fork, vfork, posix_spawn, the members of the exec family, a shell, and
 * environments that are empty or built anew. The parent keeps one block of 1000 bytes. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

extern char** environ;

static char* empty_environment[] = {NULL};
static char* new_environment[] = {(char*)"HOME=/", (char*)"LANG=C", NULL};

typedef void (*Exec)(char* path);

static void exec_v(char* path) {
  execv(path, (char*[]){path, NULL});
}
static void exec_vp(char* path) {
  execvp(path, (char*[]){path, NULL});
}
static void exec_l(char* path) {
  execl(path, path, NULL);
}
static void exec_lp(char* path) {
  execlp(path, path, NULL);
}
static void exec_ve(char* path) {
  execve(path, (char*[]){path, NULL}, environ);
}
static void exec_le_new(char* path) {
  execle(path, path, NULL, new_environment);
}
static void exec_vpe_new(char* path) {
  execvpe(path, (char*[]){path, NULL}, new_environment);
}
static void exec_ve_empty(char* path) {
  execve(path, (char*[]){path, NULL}, empty_environment);
}
static void exec_fd(char* path) {
  fexecve(open(path, O_RDONLY | O_CLOEXEC), (char*[]){path, NULL}, environ);
}
static void exec_cleared(char* path) {
  clearenv();
  execv(path, (char*[]){path, NULL});
}
static void exec_unset(char* path) {
  unsetenv("LD_PRELOAD");
  execv(path, (char*[]){path, NULL});
}

static const struct {
  const char* name;
  Exec exec;
} kExecs[] = {{"execv", exec_v},
              {"execvp", exec_vp},
              {"execl", exec_l},
              {"execlp", exec_lp},
              {"execve", exec_ve},
              {"execle_new", exec_le_new},
              {"execvpe_new", exec_vpe_new},
              {"execve_empty", exec_ve_empty},
              {"fexecve", exec_fd},
              {"clearenv_execv", exec_cleared},
              {"unsetenv_execv", exec_unset}};

static int wait_for(pid_t child) {
  int status = 0;
  require(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
  return status;
}

static int run_vfork(char* path) {
  const pid_t child = vfork();
  if (child == 0) {
    execve(path, (char*[]){path, NULL}, environ);
    _exit(98);
  }
  return wait_for(child);
}

static int run_spawn(char* path, char** environment, int search) {
  pid_t child = 0;
  char* arguments[] = {path, NULL};
  const int error = search ? posix_spawnp(&child, path, NULL, NULL, arguments, environment)
                           : posix_spawn(&child, path, NULL, NULL, arguments, environment);
  require(error == 0, "posix_spawn");
  return wait_for(child);
}

static int run_popen(const char* path) {
  FILE* const pipe = popen(path, "r");
  char line[64] = {0};
  require(pipe != NULL && fgets(line, sizeof line, pipe) != NULL, "popen");
  say("%s", line);
  return pclose(pipe);
}

static int run_exec(const char* name, char* path) {
  for (size_t i = 0; i < sizeof kExecs / sizeof kExecs[0]; ++i) {
    if (strcmp(kExecs[i].name, name) != 0) continue;
    const pid_t child = fork();
    if (child == 0) {
      kExecs[i].exec(path);
      _exit(98);
    }
    return wait_for(child);
  }
  return -1;
}

static int run(const char* way, char* path) {
  if (strcmp(way, "vfork") == 0) return run_vfork(path);
  if (strcmp(way, "posix_spawn") == 0) return run_spawn(path, environ, 0);
  if (strcmp(way, "posix_spawnp") == 0) return run_spawn(path, environ, 1);
  if (strcmp(way, "posix_spawn_empty") == 0) return run_spawn(path, empty_environment, 0);
  if (strcmp(way, "posix_spawn_new") == 0) return run_spawn(path, new_environment, 0);
  if (strcmp(way, "system") == 0) return system(path);
  if (strcmp(way, "popen") == 0) return run_popen(path);
  if (strcmp(way, "clearenv_system") == 0) return clearenv() == 0 ? system(path) : -1;
  if (strcmp(way, "clearenv_popen") == 0) return clearenv() == 0 ? run_popen(path) : -1;
  return run_exec(way, path);
}

int main(int argc, char** argv) {
  require(argc == 3, "usage: starts_a_child WAY PROGRAM");
  keep(malloc(1000));
  const int status = run(argv[1], argv[2]);
  say("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 0;
}
