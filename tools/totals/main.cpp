// memwatch-totals: see README.md. Sums go to standard output where a process was attached to, and
// to standard error where a program was started, whose own output is left alone.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "collector/intake/registry.h"
#include "collector/procfs/process_identity.h"
#include "shared/rendezvous.h"
#include "tools/totals/totals.h"

extern char** environ;

namespace {

using memwatch::Error;
using memwatch::Result;
using memwatch::totals::Totals;

constexpr char kUsage[] =
    "usage: memwatch-totals -- CMD [ARGUMENT...]   starts CMD and records it and its children\n"
    "       memwatch-totals PID [SECONDS]          records a process that carries the library\n";
constexpr useconds_t kPauseUs = 1000;

volatile sig_atomic_t g_ends = 0;

int fail(const Error& error) {
  std::fprintf(stderr, "memwatch-totals: %s\n", error.to_line().c_str());
  return 1;
}

// Beside this program, as the build and an installation have it.
std::string preload_library() {
  const auto executable = memwatch::procfs::process_executable(getpid());
  const std::string path = executable ? executable->path : std::string();
  return path.substr(0, path.rfind('/')) + "/../lib/" MEMWATCH_PRELOAD_LIBRARY;
}

int run(char** command) {
  auto server = memwatch::intake::RendezvousServer::create();
  if (!server) return fail(server.error());
  const std::string library = preload_library();
  if (access(library.c_str(), R_OK) != 0) {
    return fail(memwatch::system_error("find the library to preload", library, errno));
  }
  const std::string options = "socket=" + server->path() + ":follow=1";
  setenv(MEMWATCH_PRELOAD_VARIABLE, library.c_str(), 1);
  setenv(memwatch::protocol::kOptionsVariable, options.c_str(), 1);
  signal(SIGINT, SIG_IGN);  // the program's to answer
  pid_t pid = 0;
  posix_spawnattr_t attributes;
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(&pid, command[0], nullptr, &attributes, command, environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(memwatch::system_error("start the program", command[0], error));

  Totals totals;
  int status = 0;
  for (bool ended = false; !ended;) {
    ended = waitpid(pid, &status, WNOHANG) == pid;
    while (auto visitor = server->accept_visitor()) {
      if (const auto welcomed = totals.welcome(*std::move(visitor), server->path()); !welcomed) {
        fail(welcomed.error());
      }
    }
    if (!totals.turn() && !ended) usleep(kPauseUs);
  }
  totals.finish();
  std::fputs(totals.text().c_str(), stderr);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int attach(pid_t pid, unsigned seconds) {
  signal(SIGINT, [](int) { g_ends = 1; });
  Totals totals;
  if (const auto attached = totals.attach(pid); !attached) return fail(attached.error());
  const time_t end = time(nullptr) + static_cast<time_t>(seconds);
  while (g_ends == 0 && time(nullptr) < end && kill(pid, 0) == 0) {
    if (!totals.turn()) usleep(kPauseUs);
  }
  totals.finish();
  std::fputs(totals.text().c_str(), stdout);
  return 0;
}

template <typename Number>
bool parse(const char* text, Number* number) {
  const char* const end = text + std::strlen(text);
  const auto [at, error] = std::from_chars(text, end, *number);
  return error == std::errc{} && at == end && *number > 0;
}

}  // namespace

int main(int count, char** arguments) {
  memwatch::intake::sweep_stale_segments();
  if (count >= 3 && std::strcmp(arguments[1], "--") == 0) return run(arguments + 2);
  pid_t pid = 0;
  unsigned seconds = 10;
  const bool well_formed = (count == 2 || count == 3) && parse(arguments[1], &pid) &&
                           (count == 2 || parse(arguments[2], &seconds));
  if (well_formed) return attach(pid, seconds);
  std::fputs(kUsage, stderr);
  return 2;
}
