// One question to the daemon of this user, under way: the asking side for those who have other
// things to do meanwhile. ask_daemon() is the same for those who have not. One owner, not
// thread-safe. Errors: kind not_found where no daemon listens, or it ended while it was asked.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "collector/base/unique_fd.h"
#include "tools/server/control_protocol.h"

namespace memwatch::server {

class ControlQuestion {
 public:
  // Waits no longer than `patience`, and only where more people ask than the daemon lets in.
  static Result<ControlQuestion> ask(const std::vector<std::string>& words,
                                     std::chrono::milliseconds patience);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] pollfd waits_for() const;
  // Goes on without waiting. Nothing: there is no answer yet. Not to be called after the answer.
  std::optional<Result<ControlAnswer>> turn();

 private:
  ControlQuestion(std::string path, UniqueFd socket, std::string question)
      : path_(std::move(path)), socket_(std::move(socket)), question_(std::move(question)) {}

  std::string path_;
  UniqueFd socket_;
  std::string question_, received_;
  std::size_t sent_ = 0;
};

}  // namespace memwatch::server
