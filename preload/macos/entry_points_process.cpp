// Functions that make, replace and end processes, so that the tree stays one session. Each
// forwards; none changes a result. The other functions of exec end in execve, system and popen in
// posix_spawn.
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/environment.h"
#include "preload/macos/interpose.h"
#include "preload/record.h"
#include "preload/session.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

namespace {

// The child's identity is made by fork_handlers, on the way.
pid_t fork_hook() {
  const bool is_counted = is_recording() && announce_fork();
  const pid_t pid = fork();
  if (pid == 0) {
    is_recording();  // introduces the child
  } else {
    forget_announced_fork(is_counted, pid < 0);
  }
  return pid;
}

int execve_hook(const char* path, char* const* arguments, char* const* environment) {
  is_recording();  // a child that execs at once has its short record
  if (environment == nullptr) return execve(path, arguments, environment);  // whatever that means
  MEMWATCH_CARRY(carried, environment);
  note_exec(true);
  const int result = execve(path, arguments, carried);
  note_exec(false);
  return result;
}

// An exec where the attributes say so (POSIX_SPAWN_SETEXEC).
bool replaces_caller(const posix_spawnattr_t* attributes) {
  short flags = 0;
  return attributes != nullptr && *attributes != nullptr &&
         posix_spawnattr_getflags(attributes, &flags) == 0 && (flags & POSIX_SPAWN_SETEXEC) != 0;
}

int posix_spawn_hook(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                     const posix_spawnattr_t* attributes, char* const* arguments,
                     char* const* environment) {
  if (environment == nullptr) {
    return posix_spawn(pid, path, actions, attributes, arguments, environment);
  }
  MEMWATCH_CARRY(carried, environment);
  const bool is_exec = replaces_caller(attributes);
  if (is_exec) note_exec(true);
  const int error = posix_spawn(pid, path, actions, attributes, arguments, carried);
  if (is_exec) note_exec(false);
  return error;
}

int posix_spawnp_hook(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                      const posix_spawnattr_t* attributes, char* const* arguments,
                      char* const* environment) {
  if (environment == nullptr) {
    return posix_spawnp(pid, file, actions, attributes, arguments, environment);
  }
  MEMWATCH_CARRY(carried, environment);
  const bool is_exec = replaces_caller(attributes);
  if (is_exec) note_exec(true);
  const int error = posix_spawnp(pid, file, actions, attributes, arguments, carried);
  if (is_exec) note_exec(false);
  return error;
}

// The functions of wait call each other, from one library of the system's to the next: only the
// outermost call tells. What handlers allocate meanwhile is recorded (hook_caller.h).
template <typename Call>
pid_t wait_by(int* status, Call real) {
  int seen = 0;
  pid_t pid = 0;
  {
    const PassThrough inner_calls_are_the_same;
    pid = real(&seen);
  }
  if (pid > 0) note_child(pid, seen);
  if (pid > 0 && status != nullptr) *status = seen;
  return pid;
}

pid_t wait_hook(int* status) {
  return wait_by(status, [](int* seen) { return wait(seen); });
}

pid_t waitpid_hook(pid_t which, int* status, int options) {
  return wait_by(status, [=](int* seen) { return waitpid(which, seen, options); });
}

pid_t wait3_hook(int* status, int options, struct rusage* usage) {
  return wait_by(status, [=](int* seen) { return wait3(seen, options, usage); });
}

pid_t wait4_hook(pid_t which, int* status, int options, struct rusage* usage) {
  return wait_by(status, [=](int* seen) { return wait4(which, seen, options, usage); });
}

int waitid_hook(idtype_t type, id_t which, siginfo_t* info, int options) {
  int result = 0;
  {
    const PassThrough inner_calls_are_the_same;
    result = waitid(type, which, info, options);
  }
  if (result == 0 && info != nullptr && info->si_pid > 0) {
    if (info->si_code == CLD_EXITED) note_child(info->si_pid, (info->si_status & 0xff) << 8);
    if (info->si_code == CLD_KILLED) note_child(info->si_pid, info->si_status & 0x7f);
    if (info->si_code == CLD_DUMPED) note_child(info->si_pid, (info->si_status & 0x7f) | 0x80);
  }
  return result;
}

// exit and its kin leave the status for the collector of a process that nobody waits for.
__attribute__((noreturn)) void exit_hook(int status) {
  note_exit(status);
  exit(status);
}

__attribute__((noreturn)) void underscore_exit_hook(int status) {
  note_exit(status);
  withdraw_segment();  // no destructor of ours will run
  _exit(status);
}

__attribute__((noreturn)) void big_exit_hook(int status) {
  note_exit(status);
  withdraw_segment();
  _Exit(status);
}

}  // namespace

MEMWATCH_REPLACE(fork, fork_hook);
MEMWATCH_REPLACE(execve, execve_hook);
MEMWATCH_REPLACE(posix_spawn, posix_spawn_hook);
MEMWATCH_REPLACE(posix_spawnp, posix_spawnp_hook);
MEMWATCH_REPLACE(wait, wait_hook);
MEMWATCH_REPLACE(waitpid, waitpid_hook);
MEMWATCH_REPLACE(wait3, wait3_hook);
MEMWATCH_REPLACE(wait4, wait4_hook);
MEMWATCH_REPLACE(waitid, waitid_hook);
MEMWATCH_REPLACE(exit, exit_hook);
MEMWATCH_REPLACE(_exit, underscore_exit_hook);
MEMWATCH_REPLACE(_Exit, big_exit_hook);

}  // namespace memwatch::preload
