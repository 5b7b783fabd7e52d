// Leaves errno as it was: the system's calls are made through libc here, since macOS promises
// nothing about their numbers.
#pragma once

#include <errno.h>

namespace memwatch::preload {

class ErrnoKept {
 public:
  ErrnoKept() : before_(errno) {}
  ~ErrnoKept() { errno = before_; }
  ErrnoKept(const ErrnoKept&) = delete;
  ErrnoKept& operator=(const ErrnoKept&) = delete;

 private:
  int before_;
};

}  // namespace memwatch::preload
