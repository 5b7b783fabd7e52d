// The daemon's control socket: a unix socket that this user alone can connect to. Never blocks; who
// is slow, says too much or nothing is hung up on. One owner, not thread-safe.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
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
  static constexpr std::chrono::seconds kPatience{10};        // with who asks
  static constexpr std::chrono::seconds kAnswerPatience{55};  // of who waits for an answer

  // In the place of whatever is there: the caller is the only daemon of this user, so that a socket
  // that is found is a dead one's.
  static Result<ControlServer> listen(const std::string& path);
  ControlServer(ControlServer&&) noexcept = default;
  ControlServer& operator=(ControlServer&&) noexcept = default;
  ~ControlServer();  // removes the socket

  // Called for each question. Without an answer the asker waits for answer() with this number.
  std::function<std::optional<ControlAnswer>(const std::vector<std::string>&, std::uint64_t number)>
      on_question;
  // Who has gone meanwhile gets none.
  void answer(std::uint64_t number, const ControlAnswer& answer);

  void add_descriptors(std::vector<pollfd>& waiting) const;
  // Call after waiting, also when nothing happened: patience ends here.
  void turn();

 private:
  struct Connection {
    UniqueFd socket;
    std::string received, answer;
    std::size_t sent = 0;
    Clock::time_point until;
    std::uint64_t number = 0;
    enum class Phase : std::uint8_t { asks, waits, hears } phase = Phase::asks;
  };
  ControlServer() = default;
  void accept_all();
  // False: done with it, one way or another.
  bool read_from(Connection& connection);
  static void start_answer(Connection& connection, const ControlAnswer& answer);
  static bool write_to(Connection& connection);

  std::string path_;
  UniqueFd socket_;
  std::list<Connection> connections_;
  Clock::time_point deaf_until_{};  // nobody could be let in
  std::uint64_t last_number_ = 0;
};

}  // namespace memwatch::server
