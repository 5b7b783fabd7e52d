#include "tools/render/output.h"

#include <unistd.h>

#include <cerrno>

namespace memwatch::render {
namespace {
constexpr std::size_t kBufferBytes = 1 << 16;
}

void FdOutput::write(std::string_view text) {
  if (error_number_ != 0) return;
  if (text.size() >= kBufferBytes) {  // as good as a buffer itself
    flush();
    write_out(text);
    return;
  }
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void FdOutput::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void FdOutput::write_out(std::string_view left) {
  while (!left.empty() && error_number_ == 0) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error_number_ = errno;
    }
  }
}

Result<void> FdOutput::finish() {
  if (error_number_ == 0) flush();
  if (error_number_ != 0) return system_error("write the report", name_, error_number_);
  return {};
}

}  // namespace memwatch::render
