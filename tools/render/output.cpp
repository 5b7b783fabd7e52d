#include "tools/render/output.h"

#include <unistd.h>

#include <cerrno>

namespace memwatch::render {
namespace {
constexpr std::size_t kBufferBytes = 1 << 16;
}

void FdOutput::write(std::string_view text) {
  if (error_number_ != 0) return;
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void FdOutput::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      error_number_ = errno;
      break;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

Result<void> FdOutput::finish() {
  if (error_number_ == 0) flush();
  if (error_number_ != 0) return system_error("write the report", name_, error_number_);
  return {};
}

}  // namespace memwatch::render
