// Functions that make, replace and end processes: hooked so that the tree stays one session. Each
// forwards; none changes a result. All are callable in vfork children and signal handlers.
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/entry_points.h"
#include "preload/environment.h"
#include "preload/exit_check.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/sandbox_calls_linux.h"
#include "preload/session.h"

namespace mw = memwatch::preload;

namespace {

// A spawned child has executed its program when the call returns well.
int note_spawned(int error, pid_t child) {
  if (error == 0) mw::note_program(static_cast<std::uint32_t>(child), false);
  return error;
}

// What the real functions need to exist: a call may come before any allocation.
void make_ready() {
  if (mw::g_real.malloc == nullptr) mw::start_process_from_constructor();
}

int exec(const char* path, char* const* arguments, char* const* environment) {
  mw::is_recording();  // a child that execs at once has its short record
  const auto real = mw::g_real.execve;
  MEMWATCH_CARRY(carried, environment);
  mw::note_exec(true);
  const int result = real(path, arguments, carried);
  mw::note_exec(false);
  return result;
}

int exec_in_path(const char* file, char* const* arguments, char* const* environment) {
  mw::is_recording();
  const auto real = mw::g_real.execvpe;
  MEMWATCH_CARRY(carried, environment);
  mw::note_exec(true);
  const int result = real(file, arguments, carried);
  mw::note_exec(false);
  return result;
}

std::size_t count_arguments(va_list rest) {
  std::size_t count = 1;
  while (va_arg(rest, const char*) != nullptr) ++count;
  return count;
}

// Collects the variable arguments of an execl-like function into `list` on the caller's stack.
#define MEMWATCH_COLLECT(list, first, rest)                                          \
  va_list counting_;                                                                 \
  va_copy(counting_, rest);                                                          \
  const std::size_t count_ = count_arguments(counting_);                             \
  va_end(counting_);                                                                 \
  auto** list = static_cast<char**>(__builtin_alloca((count_ + 1) * sizeof(char*))); \
  (list)[0] = const_cast<char*>(first);                                              \
  for (std::size_t i_ = 1; i_ < count_; ++i_) (list)[i_] = va_arg(rest, char*);      \
  (list)[count_] = nullptr;                                                          \
  static_cast<void>(va_arg(rest, char*))

}  // namespace

MEMWATCH_EXPORT pid_t fork() noexcept {
  const bool is_counted = mw::is_recording() && mw::announce_fork();
  const auto real = mw::g_real.fork;
  const pid_t pid = real();
  if (pid == 0) {
    mw::notice_fork_in_child();
    mw::is_recording();  // introduces the child
  } else {
    mw::forget_announced_fork(is_counted, pid < 0);
  }
  return pid;
}

MEMWATCH_EXPORT int execve(const char* path, char* const* arguments,
                           char* const* environment) noexcept {
  return exec(path, arguments, environment);
}

MEMWATCH_EXPORT int execv(const char* path, char* const* arguments) noexcept {
  return exec(path, arguments, environ);
}

MEMWATCH_EXPORT int execvp(const char* file, char* const* arguments) noexcept {
  return exec_in_path(file, arguments, environ);
}

MEMWATCH_EXPORT int execvpe(const char* file, char* const* arguments,
                            char* const* environment) noexcept {
  return exec_in_path(file, arguments, environment);
}

MEMWATCH_EXPORT int execl(const char* path, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  MEMWATCH_COLLECT(list, first, rest);
  va_end(rest);
  return exec(path, list, environ);
}

MEMWATCH_EXPORT int execlp(const char* file, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  MEMWATCH_COLLECT(list, first, rest);
  va_end(rest);
  return exec_in_path(file, list, environ);
}

MEMWATCH_EXPORT int execle(const char* path, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  MEMWATCH_COLLECT(list, first, rest);
  char* const* environment = va_arg(rest, char* const*);
  va_end(rest);
  return exec(path, list, environment);
}

MEMWATCH_EXPORT int fexecve(int fd, char* const* arguments, char* const* environment) noexcept {
  mw::is_recording();
  const auto real = mw::g_real.fexecve;
  MEMWATCH_CARRY(carried, environment);
  mw::note_exec(true);
  const int result = real(fd, arguments, carried);
  mw::note_exec(false);
  return result;
}

MEMWATCH_EXPORT int execveat(int directory, const char* path, char* const* arguments,
                             char* const* environment, int flags) noexcept {
  mw::is_recording();
  const auto real = mw::g_real.execveat;
  MEMWATCH_CARRY(carried, environment);
  mw::note_exec(true);
  const int result = real(directory, path, arguments, carried, flags);
  mw::note_exec(false);
  return result;
}

MEMWATCH_EXPORT int posix_spawn(pid_t* pid, const char* path,
                                const posix_spawn_file_actions_t* actions,
                                const posix_spawnattr_t* attributes, char* const* arguments,
                                char* const* environment) {
  make_ready();
  const auto real = mw::g_real.posix_spawn;
  MEMWATCH_CARRY(carried, environment);
  pid_t child = 0;
  const int error = real(&child, path, actions, attributes, arguments, carried);
  if (error == 0 && pid != nullptr) *pid = child;
  return note_spawned(error, child);
}

MEMWATCH_EXPORT int posix_spawnp(pid_t* pid, const char* file,
                                 const posix_spawn_file_actions_t* actions,
                                 const posix_spawnattr_t* attributes, char* const* arguments,
                                 char* const* environment) {
  make_ready();
  const auto real = mw::g_real.posix_spawnp;
  MEMWATCH_CARRY(carried, environment);
  pid_t child = 0;
  const int error = real(&child, file, actions, attributes, arguments, carried);
  if (error == 0 && pid != nullptr) *pid = child;
  return note_spawned(error, child);
}

// system and popen take the environment from `environ`. A program that has cleared it gets the
// carried one for the length of the call; what another thread puts there meanwhile is left alone.
class CarriedEnviron {
 public:
  explicit CarriedEnviron(char* const* carried) : before_(environ), carried_(carried) {
    environ = const_cast<char**>(carried);
  }
  ~CarriedEnviron() {
    if (environ == carried_) environ = before_;
  }
  CarriedEnviron(const CarriedEnviron&) = delete;
  CarriedEnviron& operator=(const CarriedEnviron&) = delete;

 private:
  char** before_;
  char* const* carried_;
};

MEMWATCH_EXPORT int system(const char* command) {
  make_ready();
  MEMWATCH_CARRY(carried, environ);
  const CarriedEnviron for_the_call(carried);
  return mw::g_real.system(command);
}

MEMWATCH_EXPORT FILE* popen(const char* command, const char* mode) {
  make_ready();
  MEMWATCH_CARRY(carried, environ);
  const CarriedEnviron for_the_call(carried);
  return static_cast<FILE*>(mw::g_real.popen(command, mode));
}

MEMWATCH_EXPORT pid_t wait(int* status) {
  make_ready();
  const auto real = mw::g_real.wait;
  int seen = 0;
  const pid_t pid = real(&seen);
  if (pid > 0) mw::note_child(pid, seen);
  if (pid > 0 && status != nullptr) *status = seen;
  return pid;
}

MEMWATCH_EXPORT pid_t waitpid(pid_t which, int* status, int options) {
  make_ready();
  const auto real = mw::g_real.waitpid;
  int seen = 0;
  const pid_t pid = real(which, &seen, options);
  if (pid > 0) mw::note_child(pid, seen);
  if (pid > 0 && status != nullptr) *status = seen;
  return pid;
}

MEMWATCH_EXPORT pid_t wait3(int* status, int options, struct rusage* usage) noexcept {
  make_ready();
  const auto real = mw::g_real.wait3;
  int seen = 0;
  const pid_t pid = real(&seen, options, usage);
  if (pid > 0) mw::note_child(pid, seen);
  if (pid > 0 && status != nullptr) *status = seen;
  return pid;
}

MEMWATCH_EXPORT pid_t wait4(pid_t which, int* status, int options, struct rusage* usage) noexcept {
  make_ready();
  const auto real = mw::g_real.wait4;
  int seen = 0;
  const pid_t pid = real(which, &seen, options, usage);
  if (pid > 0) mw::note_child(pid, seen);
  if (pid > 0 && status != nullptr) *status = seen;
  return pid;
}

MEMWATCH_EXPORT int waitid(idtype_t type, id_t which, siginfo_t* info, int options) {
  make_ready();
  const auto real = mw::g_real.waitid;
  const int result = real(type, which, info, options);
  if (result == 0 && info != nullptr && info->si_pid > 0) {
    if (info->si_code == CLD_EXITED) mw::note_child(info->si_pid, (info->si_status & 0xff) << 8);
    if (info->si_code == CLD_KILLED) mw::note_child(info->si_pid, info->si_status & 0x7f);
    if (info->si_code == CLD_DUMPED) mw::note_child(info->si_pid, (info->si_status & 0x7f) | 0x80);
  }
  return result;
}

// The kernel's word for "a filter may follow". The arguments are words, as the system call takes
// them.
MEMWATCH_EXPORT int prctl(int option, ...) noexcept {
  va_list rest;
  va_start(rest, option);
  unsigned long words[4];
  for (unsigned long& word : words) word = va_arg(rest, unsigned long);
  va_end(rest);
  if (mw::g_real.prctl == nullptr) {  // an allocator of the program's own, in its first steps
    const long result =
        mw::raw_syscall(SYS_prctl, option, static_cast<long>(words[0]), static_cast<long>(words[1]),
                        static_cast<long>(words[2]), static_cast<long>(words[3]));
    if (!mw::is_raw_error(result)) return static_cast<int>(result);
    errno = static_cast<int>(-result);
    return -1;
  }
  mw::prepare_for_prctl(option, words[0], words[1]);
  return mw::g_real.prctl(option, words[0], words[1], words[2], words[3]);
}

// exit and its kin leave the status for the collector of a process that nobody waits for.
MEMWATCH_EXPORT void exit(int status) noexcept {
  make_ready();
  mw::note_exit(status);
  mw::g_real.exit(status);
  __builtin_unreachable();
}

MEMWATCH_EXPORT void _exit(int status) {
  make_ready();
  mw::note_exit(status);
  mw::await_exit_check();
  mw::withdraw_segment();  // no destructor of ours will run
  mw::g_real._exit(status);
  __builtin_unreachable();
}

MEMWATCH_EXPORT void _Exit(int status) noexcept {
  make_ready();
  mw::note_exit(status);
  mw::await_exit_check();
  mw::withdraw_segment();
  mw::g_real._Exit(status);
  __builtin_unreachable();
}

MEMWATCH_EXPORT void quick_exit(int status) noexcept {
  make_ready();
  mw::note_exit(status);
  mw::withdraw_segment();
  mw::g_real.quick_exit(status);
  __builtin_unreachable();
}
