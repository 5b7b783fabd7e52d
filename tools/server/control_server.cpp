#include "tools/server/control_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "collector/intake/local_socket.h"

namespace memwatch::server {

namespace {

constexpr std::chrono::milliseconds kDeafFor{500};

}  // namespace

Result<ControlServer> ControlServer::listen(const std::string& path) {
  ControlServer server;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return system_error("listen for commands", path, ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  unlink(path.c_str());
  server.socket_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!server.socket_.is_open() ||
      bind(server.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0) {
    return system_error("listen for commands", path, errno);
  }
  server.path_ = path;
  if (chmod(path.c_str(), 0600) != 0 || ::listen(server.socket_.get(), 64) != 0) {
    return system_error("listen for commands", path, errno);
  }
  return server;
}

ControlServer::~ControlServer() {
  if (socket_.is_open() && !path_.empty()) unlink(path_.c_str());
}

void ControlServer::add_descriptors(std::vector<pollfd>& waiting) const {
  // Neither one too many nor one that cannot be let in may wake the daemon again and again.
  if (connections_.size() < kMaxConnections && Clock::now() >= deaf_until_) {
    waiting.push_back({socket_.get(), POLLIN, 0});
  }
  for (const Connection& connection : connections_) {
    if (connection.phase == Connection::Phase::waits) continue;
    const short wanted = connection.phase == Connection::Phase::hears ? POLLOUT : POLLIN;
    waiting.push_back({connection.socket.get(), wanted, 0});
  }
}

void ControlServer::accept_all() {
  while (connections_.size() < kMaxConnections) {
    UniqueFd accepted(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!accepted.is_open()) {
      if (errno != EAGAIN && errno != EINTR) deaf_until_ = Clock::now() + kDeafFor;
      return;
    }
    if (!intake::is_own_or_root(intake::peer_of(accepted.get()))) continue;
    Connection connection;
    connection.socket = std::move(accepted);
    connection.until = Clock::now() + kPatience;
    connection.number = ++last_number_;
    connections_.push_back(std::move(connection));
  }
}

bool ControlServer::read_from(Connection& connection) {
  while (true) {
    char buffer[4096];
    const ssize_t got = recv(connection.socket.get(), buffer, sizeof buffer, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) break;
    connection.received.append(buffer, static_cast<std::size_t>(got));
    if (connection.received.size() > kMaxQuestionBytes) return false;
  }
  std::vector<std::string> words;
  if (!decode_question(connection.received, &words)) return false;
  const std::optional<ControlAnswer> answer = on_question(words, connection.number);
  if (answer) {
    start_answer(connection, *answer);
    return write_to(connection);
  }
  connection.phase = Connection::Phase::waits;
  connection.until = Clock::now() + kAnswerPatience;
  return true;
}

void ControlServer::start_answer(Connection& connection, const ControlAnswer& answer) {
  connection.answer = encode_answer(answer);
  connection.phase = Connection::Phase::hears;
  connection.until = Clock::now() + kPatience;
}

void ControlServer::answer(std::uint64_t number, const ControlAnswer& answer) {
  for (Connection& connection : connections_) {
    if (connection.number == number && connection.phase == Connection::Phase::waits) {
      start_answer(connection, answer);
    }
  }
}

bool ControlServer::write_to(Connection& connection) {
  while (connection.sent < connection.answer.size()) {
    const ssize_t count = send(connection.socket.get(), connection.answer.data() + connection.sent,
                               connection.answer.size() - connection.sent, MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    connection.sent += static_cast<std::size_t>(count);
  }
  return false;
}

void ControlServer::turn() {
  accept_all();
  const auto now = Clock::now();
  connections_.remove_if([&](Connection& connection) {
    if (now >= connection.until) return true;
    if (connection.phase == Connection::Phase::waits) return false;
    return !(connection.phase == Connection::Phase::hears ? write_to(connection)
                                                          : read_from(connection));
  });
}

}  // namespace memwatch::server
