// Where a renderer's characters go: a string or a file descriptor, without building large reports
// in memory first. Thread safety: none. Errors: a write error is kept, later writes are dropped,
// finish() tells it.
#pragma once

#include <string>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch::render {

class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;
  virtual void write(std::string_view text) = 0;
};

class StringOutput : public Output {
 public:
  void write(std::string_view text) override { text_ += text; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Does not own the descriptor. `name` is for the error message.
class FdOutput : public Output {
 public:
  FdOutput(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  void write(std::string_view text) override;
  // Writes what is buffered. Call it once at the end: the destructor does not.
  Result<void> finish();

 private:
  void flush();
  void write_out(std::string_view left);

  int fd_;
  std::string name_;
  std::string buffer_;
  int error_number_ = 0;
};

}  // namespace memwatch::render
