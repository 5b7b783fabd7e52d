#include "tools/server/control_question.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "collector/daemon/runtime_directory.h"
#include "collector/intake/local_socket.h"

namespace memwatch::server {

namespace {

constexpr const char* kAttempted = "ask the daemon";
constexpr std::size_t kMaxAnswerBytes = std::size_t{256} << 20;
// A daemon that is at a leak check answers when it is done with it.
constexpr std::chrono::milliseconds kPatience{60'000};

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
  if (error == EAGAIN) {
    return Error{ErrorKind::system, kAttempted, path, "more ask it than it lets in at once", {}};
  }
  return system_error(kAttempted, path, error);
}

timeval as_timeval(std::chrono::milliseconds time) {
  return {time.count() / 1000, (time.count() % 1000) * 1000};
}

}  // namespace

Result<ControlQuestion> ControlQuestion::ask(const std::vector<std::string>& words,
                                             std::chrono::milliseconds patience) {
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
  if (path.size() >= sizeof address.sun_path) return failed(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_error(kAttempted, path, errno);
  // Connecting waits for room in the daemon's queue, for this long; nothing else of it waits.
  const timeval limit = as_timeval(patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return no_daemon(path);
    return failed(path, errno);
  }
  // Whoever listens there would be told which processes are of interest, and be believed.
  const std::optional<intake::Peer> peer = intake::peer_of(socket.get());
  if (!intake::is_own_or_root(peer)) {
    return Error{ErrorKind::system, kAttempted, path,
                 fmt::format("another user (uid {}) listens there", peer ? peer->user : -1U),
                 "see who owns that directory, or set XDG_RUNTIME_DIR to another"};
  }
  return ControlQuestion(path, std::move(socket), std::move(question));
}

pollfd ControlQuestion::waits_for() const {
  return {socket_.get(), static_cast<short>(sent_ < question_.size() ? POLLOUT : POLLIN), 0};
}

std::optional<Result<ControlAnswer>> ControlQuestion::turn() {
  while (sent_ < question_.size()) {
    const ssize_t count = send(socket_.get(), question_.data() + sent_, question_.size() - sent_,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::nullopt;
    if (count < 0) return failed(path_, errno);
    sent_ += static_cast<std::size_t>(count);
    if (sent_ == question_.size() && shutdown(socket_.get(), SHUT_WR) != 0) {
      return failed(path_, errno == ENOTCONN ? EPIPE : errno);
    }
  }
  while (true) {
    char buffer[65536];
    const ssize_t got = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return std::nullopt;
    if (got < 0) return failed(path_, errno);
    if (got == 0) break;
    received_.append(buffer, static_cast<std::size_t>(got));
    if (received_.size() > kMaxAnswerBytes) break;
  }
  if (received_.empty()) return daemon_ended(path_);
  ControlAnswer answer;
  if (!decode_answer(received_, &answer)) {
    return Error{ErrorKind::damaged, kAttempted, path_, "its answer makes no sense", {}};
  }
  return answer;
}

Result<ControlAnswer> ask_daemon(const std::vector<std::string>& words) {
  Result<ControlQuestion> question = ControlQuestion::ask(words, kPatience);
  if (!question) return question.error();
  while (true) {
    if (auto answer = question->turn()) return *std::move(answer);
    pollfd waiting = question->waits_for();
    const int ready = poll(&waiting, 1, static_cast<int>(kPatience.count()));
    if (ready > 0 || (ready < 0 && errno == EINTR)) continue;
    Error error = system_error(kAttempted, question->path(), errno);
    if (ready == 0) error.why = "it has not answered for a minute";
    return error;
  }
}

}  // namespace memwatch::server
