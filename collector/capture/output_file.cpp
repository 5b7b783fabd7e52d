#include "collector/capture/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace memwatch::capture {
namespace {

constexpr const char* kCreate = "create the session file";
constexpr const char* kWrite = "write the session file";
constexpr const char* kCompact = "compact the session file";

// 0 or errno.
int write_all(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return 0;
}

// Two recorders writing one file would ruin both recordings. File systems without locks pass.
bool locked_by_another(int fd) {
  return ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? std::string(real.get()) : path;
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  // Not O_TRUNC: what is there is emptied only once the lock is ours. O_NONBLOCK: a FIFO without
  // a reader is an error instead of a wait.
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
  if (!fd.is_open()) return system_error(kCreate, path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return system_error(kCreate, path, errno);
  const bool regular = S_ISREG(status.st_mode);
  if (!regular && !S_ISCHR(status.st_mode)) {
    return Error{ErrorKind::usage, kCreate, path, "neither a file nor a device", {}};
  }
  if (regular) {
    if (locked_by_another(fd.get())) {
      return Error{ErrorKind::usage, kCreate, path, "another memwatch is writing this file",
                   "name another file with -o"};
    }
    if (::ftruncate(fd.get(), 0) != 0) return system_error(kCreate, path, errno);
  }
  return OutputFile(std::move(fd), resolved(path), regular);
}

Result<void> OutputFile::write_at(std::uint64_t offset, std::string_view bytes) {
  const int problem = write_all(fd_.get(), offset, bytes);
  if (problem == 0) return {};
  cut_back(offset);
  return system_error(kWrite, path_, problem);
}

void OutputFile::cut_back(std::uint64_t end) {
  // Where even this fails, the reader finds a torn group, or bytes after the end, and ignores them.
  if (regular_) static_cast<void>(::ftruncate(fd_.get(), static_cast<off_t>(end)) == 0);
}

bool OutputFile::can_replace() const {
  struct stat mine {
  }, named{};
  return regular_ && ::fstat(fd_.get(), &mine) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino && mine.st_nlink == 1;
}

Result<void> OutputFile::replace_with(std::string_view head, std::string_view tail) {
  if (!can_replace()) {
    return Error{ErrorKind::system, kCompact, path_, "it was moved, removed or replaced", {}};
  }
  const std::string temporary = path_ + ".new";
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(::open(temporary.c_str(), kFlags, 0600));
  if (!fd.is_open() && errno == EEXIST && ::unlink(temporary.c_str()) == 0) {
    fd.reset(::open(temporary.c_str(), kFlags, 0600));  // left by a recorder that was killed here
  }
  if (!fd.is_open()) return system_error(kCompact, temporary, errno);

  struct stat old {};
  int problem =
      ::fstat(fd_.get(), &old) == 0 && ::fchmod(fd.get(), old.st_mode & 07777) == 0 ? 0 : errno;
  if (problem == 0) problem = write_all(fd.get(), 0, head);
  if (problem == 0) problem = write_all(fd.get(), head.size(), tail);
  // On disk before it takes the name: a power failure leaves the old file or the new, not neither.
  if (problem == 0 && ::fdatasync(fd.get()) != 0) problem = errno;
  if (problem == 0 && locked_by_another(fd.get())) problem = EBUSY;
  if (problem == 0 && ::rename(temporary.c_str(), path_.c_str()) != 0) problem = errno;
  if (problem != 0) {
    ::unlink(temporary.c_str());
    return system_error(kCompact, temporary, problem);
  }
  fd_ = std::move(fd);
  return {};
}

Result<void> OutputFile::sync() {
  // EINVAL: a device that has nothing to bring to disk.
  if (::fdatasync(fd_.get()) == 0 || errno == EINVAL || errno == EROFS) return {};
  return system_error(kWrite, path_, errno);
}

}  // namespace memwatch::capture
