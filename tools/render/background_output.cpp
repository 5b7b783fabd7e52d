#include "tools/render/background_output.h"

#include <system_error>
#include <utility>

namespace memwatch::render {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::size_t kMostWaiting = 4;

}  // namespace

BackgroundOutput::~BackgroundOutput() {
  finish();
}

void BackgroundOutput::write(std::string_view text) {
  piece_ += text;
  if (piece_.size() >= kPieceBytes) hand_over();
}

void BackgroundOutput::hand_over() {
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { pass_on(); });
    } catch (const std::system_error&) {
      target_.write(piece_);
      piece_.clear();
      return;
    }
  }
  {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [this] { return waiting_.size() < kMostWaiting; });
    waiting_.push_back(std::exchange(piece_, {}));
  }
  changed_.notify_all();
  piece_.reserve(kPieceBytes + kPieceBytes / 4);
}

void BackgroundOutput::pass_on() {
  std::unique_lock lock(lock_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty() || is_finished_; });
    if (waiting_.empty()) return;
    const std::string piece = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    changed_.notify_all();
    target_.write(piece);
    lock.lock();
  }
}

void BackgroundOutput::finish() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(lock_);
      is_finished_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  target_.write(piece_);
  piece_.clear();
}

}  // namespace memwatch::render
