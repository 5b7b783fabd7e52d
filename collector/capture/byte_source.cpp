#include "collector/capture/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace memwatch::capture {

std::string_view MemorySource::read_at(std::uint64_t offset, std::size_t length) {
  if (offset >= bytes_.size()) return {};
  return bytes_.substr(static_cast<std::size_t>(offset), length);
}

FileSource::FileSource(FileSource&& other) noexcept
    : fd_(std::move(other.fd_)), size_(other.size_), buffer_(std::move(other.buffer_)) {}

Result<FileSource> FileSource::open(const std::string& path) {
  const char* const attempted = "open the session";
  // O_NONBLOCK: a FIFO of that name must not hang us; it means nothing for regular files.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open()) {
    Error error = system_error(attempted, path, errno);
    if (errno == ENOENT) error.kind = ErrorKind::not_found;
    return error;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return system_error(attempted, path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{
        ErrorKind::damaged, attempted, path, "not a memwatch session: no regular file", {}};
  }
  return FileSource(std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

std::string_view FileSource::read_at(std::uint64_t offset, std::size_t length) {
  if (offset >= size_) return {};
  length = static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - offset));
  if (buffer_.size() < length) buffer_.resize(length);
  std::size_t done = 0;
  while (done < length) {
    const ssize_t count =
        ::pread(fd_.get(), buffer_.data() + done, length - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return std::string_view(buffer_).substr(0, done);
}

}  // namespace memwatch::capture
