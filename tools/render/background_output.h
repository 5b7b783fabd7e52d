// Hands what is written on to another output from a thread of its own, so that making a large
// report and writing or compressing it overlap: 187 MB of CSV take half the time. The thread starts
// with the first full piece; a small report goes through in finish(), on the caller's thread. One
// caller. Memory: a few pieces of a mebibyte. Errors: the other output's own; where no thread can
// be started, it is written at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tools/render/output.h"

namespace memwatch::render {

class BackgroundOutput : public Output {
 public:
  explicit BackgroundOutput(Output& target) : target_(target) {}
  ~BackgroundOutput() override;  // as finish()

  void write(std::string_view text) override;

  // When it returns, the other output has everything and may be used again. Call it once.
  void finish();

 private:
  void hand_over();
  void pass_on();

  Output& target_;
  std::string piece_;  // being filled
  std::mutex lock_;    // of what follows
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool is_finished_ = false;
  std::thread thread_;
};

}  // namespace memwatch::render
