#include "tools/server/control_protocol.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "collector/base/unique_fd.h"
#include "collector/daemon/runtime_directory.h"

namespace memwatch::server {

namespace {

constexpr const char* kAttempted = "ask the daemon";
constexpr std::size_t kMaxAnswerBytes = std::size_t{256} << 20;

Error no_daemon(const std::string& path) {
  return Error{ErrorKind::not_found, kAttempted, path, "none runs", "start it: memwatch daemon"};
}

// It ended, or was killed, between our connection and its answer: its socket listens until the
// kernel has taken the process apart.
Error daemon_ended(const std::string& path) {
  return Error{ErrorKind::not_found, kAttempted, path,
               "none runs any more: it ended while it was asked", "start it: memwatch daemon"};
}

Error failed(const std::string& path, int error) {
  if (error == ECONNRESET || error == EPIPE) return daemon_ended(path);
  return system_error(kAttempted, path, error);
}

bool send_all(int socket, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return shutdown(socket, SHUT_WR) == 0;
}

}  // namespace

std::string encode_answer(const ControlAnswer& answer) {
  return std::to_string(answer.status) + "\n" + answer.text;
}

bool decode_answer(const std::string& bytes, ControlAnswer* answer) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string::npos) return false;
  const auto [stop, error] = std::from_chars(bytes.data(), bytes.data() + end, answer->status);
  if (error != std::errc{} || stop != bytes.data() + end || answer->status < 0 ||
      answer->status > 255) {
    return false;
  }
  answer->text = bytes.substr(end + 1);
  return true;
}

bool decode_question(const std::string& bytes, std::vector<std::string>* words) {
  if (bytes.empty() || bytes.back() != '\n') return false;
  std::size_t from = 0;
  while (from < bytes.size()) {
    const std::size_t end = bytes.find('\n', from);
    words->push_back(bytes.substr(from, end - from));
    from = end + 1;
  }
  return true;
}

Result<ControlAnswer> ask_daemon(const std::vector<std::string>& words) {
  const Result<std::string> directory = daemon::runtime_directory();
  if (!directory) return directory.error();
  const std::string path = daemon::control_socket_path(*directory);
  std::string question;
  for (const std::string& word : words) {
    if (word.find('\n') != std::string::npos) {
      return Error{ErrorKind::usage, kAttempted, word, "a line break cannot be part of a name", {}};
    }
    question += word + "\n";
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_error(kAttempted, path, errno);
  // A daemon that is at a leak check answers when it is done with it.
  const timeval patience{60, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return no_daemon(path);
    return failed(path, errno);
  }
  std::string bytes;
  if (!send_all(socket.get(), question)) return failed(path, errno);
  while (true) {
    char buffer[65536];
    const ssize_t got = recv(socket.get(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      if (errno != EAGAIN) return failed(path, errno);
      return Error{ErrorKind::system, kAttempted, path, "it has not answered for a minute", {}};
    }
    if (got == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
    if (bytes.size() > kMaxAnswerBytes) break;
  }
  if (bytes.empty()) return daemon_ended(path);
  ControlAnswer answer;
  if (!decode_answer(bytes, &answer)) {
    return Error{ErrorKind::damaged, kAttempted, path, "its answer makes no sense", {}};
  }
  return answer;
}

}  // namespace memwatch::server
