// The lock that makes a daemon the only one of its user: held as long as this lives, given back by
// the kernel however the daemon ends. One owner.
#pragma once

#include <string>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::daemon {

class SingleInstance {
 public:
  // Error of kind usage: another one runs; its pid is named.
  static Result<SingleInstance> claim(const std::string& runtime_directory);

 private:
  explicit SingleInstance(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace memwatch::daemon
