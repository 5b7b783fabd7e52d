#include "collector/intake/socket_files.h"

#include <dirent.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

#include "collector/base/unique_fd.h"
#include "collector/intake/local_socket.h"
#include "collector/procfs/process_identity.h"

namespace memwatch::intake {

namespace {

struct CloseDirectory {
  void operator()(DIR* open) const { closedir(open); }
};

// Names of sockets: run-PID-XXXXXXXXYYYYYYYY, X the low half of the process's start time, which
// makes a reused pid another process, Y random. Hexadecimal, so that the length has a bound.
constexpr char kSocketPrefix[] = "run-";

std::uint32_t start_low(pid_t pid) {
  return static_cast<std::uint32_t>(procfs::process_start_ticks(pid).value_or(0));
}

}  // namespace

bool is_private_directory(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

std::string new_socket_name() {
  std::uint64_t number = 0;
  if (getentropy(&number, sizeof number) != 0) {
    number = static_cast<std::uint64_t>(getpid());
  }
  char name[40];
  snprintf(name, sizeof name, "%s%d-%08x%08llx", kSocketPrefix, getpid(), start_low(getpid()),
           static_cast<unsigned long long>(number & 0xffffffffULL));
  return name;
}

namespace {

// A name of ours whose collector is gone: it was killed, and nobody else will remove it.
bool is_stale_socket(const std::string& name) {
  pid_t pid = 0;
  unsigned start = 0, number = 0;
  int length = 0;
  if (sscanf(name.c_str(), "run-%d-%8x%8x%n", &pid, &start, &number, &length) != 3 ||
      static_cast<std::size_t>(length) != name.size() || pid <= 0) {
    return false;
  }
  return start_low(pid) != start;
}

// The collector may live where its pid means nothing here (another container with this directory).
bool has_no_listener(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  const UniqueFd trial = local_socket_that_never_waits();
  return trial.is_open() &&
         connect(trial.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

void sweep_sockets(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDirectory> open(opendir(directory.c_str()));
  if (open == nullptr) return;
  while (const dirent* entry = readdir(open.get())) {
    const std::string path = directory + "/" + entry->d_name;
    if (is_stale_socket(entry->d_name) && has_no_listener(path)) unlink(path.c_str());
  }
}

void sweep_temporary_directories(const std::string& base, std::string_view prefix) {
  const std::unique_ptr<DIR, CloseDirectory> open(opendir(base.c_str()));
  if (open == nullptr) return;
  while (const dirent* entry = readdir(open.get())) {
    const std::string path = base + "/" + entry->d_name;
    if (!std::string_view(entry->d_name).starts_with(prefix) || !is_private_directory(path)) {
      continue;
    }
    // One that a starting collector has just made is empty and a moment old.
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || time(nullptr) - status.st_mtime < 60) continue;
    sweep_sockets(path);
    rmdir(path.c_str());
  }
}

}  // namespace memwatch::intake
