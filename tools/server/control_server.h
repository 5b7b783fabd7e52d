// The daemon's control socket: a unix socket that this user alone can connect to. Never blocks; who
// is slow, says too much or nothing is hung up on. One owner, not thread-safe.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"
#include "tools/server/control_protocol.h"

namespace memwatch::server {

class ControlServer {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxConnections = 32;
  static constexpr std::chrono::seconds kPatience{10};

  // In the place of whatever is there: the caller is the only daemon of this user, so that a socket
  // that is found is a dead one's.
  static Result<ControlServer> listen(const std::string& path);
  ControlServer(ControlServer&&) noexcept = default;
  ControlServer& operator=(ControlServer&&) noexcept = default;
  ~ControlServer();  // removes the socket

  std::function<ControlAnswer(const std::vector<std::string>&)> on_question;

  void add_descriptors(std::vector<pollfd>& waiting) const;
  // Call after waiting, also when nothing happened: patience ends here.
  void turn();

 private:
  struct Connection {
    UniqueFd socket;
    std::string received, answer;
    std::size_t sent = 0;
    Clock::time_point until;
    bool answers = false;
  };
  ControlServer() = default;
  void accept_all();
  // False: done with it, one way or another.
  bool read_from(Connection& connection);
  static bool write_to(Connection& connection);

  std::string path_;
  UniqueFd socket_;
  std::list<Connection> connections_;
};

}  // namespace memwatch::server
