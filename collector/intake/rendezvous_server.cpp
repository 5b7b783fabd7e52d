#include "collector/intake/rendezvous_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "collector/intake/leaks_answer.h"
#include "collector/intake/local_socket.h"
#include "collector/intake/segment_object.h"
#include "collector/intake/socket_files.h"

namespace memwatch::intake {

using namespace protocol;

namespace {

// The path of a socket has little room, so a long runtime directory is passed over.
std::string runtime_directory() {
  const char* base = getenv("XDG_RUNTIME_DIR");
  if (base == nullptr || base[0] != '/') return {};
  const std::string path = std::string(base) + "/memwatch";
  if (path.size() > 70 || path.find(':') != std::string::npos) return {};
  mkdir(path.c_str(), 0700);
  if (!is_private_directory(path)) return {};
  sweep_sockets(path);
  return path;
}

Result<std::string> temporary_directory() {
  const char* base = getenv("TMPDIR");
  std::string pattern = base != nullptr && base[0] == '/' && std::strlen(base) < 60 &&
                                std::strchr(base, ':') == nullptr
                            ? base
                            : "/tmp";
  sweep_temporary_directories(pattern, "memwatch-");
  pattern += "/memwatch-XXXXXX";
  std::vector<char> path(pattern.begin(), pattern.end());
  path.push_back('\0');
  if (mkdtemp(path.data()) == nullptr) {
    return system_error("make a private directory for the socket", pattern, errno);
  }
  return std::string(path.data());
}

// Takes the descriptors out of a message; those beyond what is expected are closed.
void take_descriptors(msghdr& message, Visitor* visitor) {
  int count = 0;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t bytes = head->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(head) + at, sizeof descriptor);
      UniqueFd owned(descriptor);
      if (count == 0) {
        visitor->maps = std::move(owned);
      } else if (count == 1) {
        visitor->memory = std::move(owned);
      }
      ++count;
    }
  }
}

bool receive_hello(Visitor* visitor) {
  iovec part{&visitor->hello, sizeof visitor->hello};
  alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = receive_message(visitor->connection.get(), message);
  if (got >= 0) take_descriptors(message, visitor);
  return got == static_cast<ssize_t>(sizeof(Hello)) &&
         (visitor->hello.magic == kHelloMagic || visitor->hello.magic == kLeaksRequestMagic) &&
         visitor->hello.version == kProtocolVersion;
}

void send_welcome(const Visitor& visitor, Welcome welcome, int segment_descriptor) {
  welcome.magic = kWelcomeMagic;
  welcome.version = kProtocolVersion;
  iovec part{&welcome, sizeof welcome};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (segment_descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &segment_descriptor, sizeof(int));
  }
  // A visitor that is gone needs no answer.
  static_cast<void>(send_message(visitor.connection.get(), message));
}

// A message of plain bytes; `part` must outlive it.
msghdr message_of(iovec& part) {
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return message;
}

ssize_t send_bytes(int connection, void* bytes, std::size_t size) {
  iovec part{bytes, size};
  return send_message(connection, message_of(part));
}

ssize_t receive_bytes(int connection, void* bytes, std::size_t size) {
  iovec part{bytes, size};
  msghdr message = message_of(part);
  return receive_message(connection, message);
}

constexpr const char* kAsk = "ask the memwatch that records the process";

// Nothing is said to anybody else than the user, root and `owner`; `listener`: who it is.
//
// Who connects and says nothing for a tenth of a second is dropped. On a busy machine that may
// happen to anybody, so it is tried again.
Result<UniqueFd> connect_and_ask(const sockaddr_un& address, uid_t owner, LeaksRequest request,
                                 uid_t* listener) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    UniqueFd connection = local_socket();
    if (!connection.is_open() ||
        connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0) {
      return system_error(kAsk, address.sun_path, errno);
    }
    const std::optional<Peer> peer = peer_of(connection.get());
    if (!is_own_or_root(peer) && !(peer && peer->user == owner)) {
      return Error{ErrorKind::system, kAsk, address.sun_path, "another user listens there", {}};
    }
    *listener = peer->user;
    if (send_bytes(connection.get(), &request, sizeof request) == sizeof request) {
      return connection;
    }
    const bool was_dropped = errno == EPIPE || errno == ECONNRESET;
    if (!was_dropped || attempt == kAttempts) return system_error(kAsk, address.sun_path, errno);
  }
}

// Until the answer is there, or why there is none. Whoever is asked may look through a large heap
// for minutes once its time of watching is over.
Result<Welcome> await_leaks_answer(int connection, LeaksRequest request, const LeaksAsker& asker) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::minutes kPatience{10};
  constexpr int kTurnMs = 200;
  const Clock::time_point until =
      Clock::now() + std::chrono::milliseconds(request.watch_ms) + kPatience;
  bool has_asked_again = false;
  while (Clock::now() < until) {
    pollfd state{connection, POLLIN, 0};
    if (poll(&state, 1, kTurnMs) > 0) {
      Welcome answer{};
      if (receive_bytes(connection, &answer, sizeof answer) != sizeof answer) {
        return Error{ErrorKind::system,
                     kAsk,
                     "process " + std::to_string(request.pid),
                     "it ended without an answer",
                     {}};
      }
      if (answer.verdict != static_cast<std::uint32_t>(Verdict::watching)) return answer;
      asker.watching();
    }
    const AskerState wished = asker.wish();
    if (wished == AskerState::is_gone) {
      return Error{ErrorKind::usage,
                   "check for leaks",
                   "process " + std::to_string(request.pid),
                   "it was given up",
                   {}};
    }
    if (wished == AskerState::wants_it_now && !has_asked_again) {
      has_asked_again = true;
      // Where it is gone, that is seen when the answer is read.
      static_cast<void>(send_bytes(connection, &request, sizeof request));
    }
  }
  return system_error(kAsk, "process " + std::to_string(request.pid), ETIMEDOUT);
}

}  // namespace

Result<RendezvousServer> RendezvousServer::create() {
  RendezvousServer server;
  std::string directory = runtime_directory();
  if (directory.empty()) {
    Result<std::string> made = temporary_directory();
    if (!made) return made.error();
    directory = *made;
    server.own_directory_ = directory;
  }
  server.path_ = directory + "/" + new_socket_name();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, server.path_.data(), server.path_.size());
  server.socket_ = local_socket_that_never_waits();
  if (!server.socket_.is_open() ||
      bind(server.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0 ||
      chmod(server.path_.c_str(), 0600) != 0 || listen(server.socket_.get(), 4096) != 0) {
    return system_error("listen for traced processes", server.path_, errno);
  }
  return server;
}

RendezvousServer::~RendezvousServer() {
  if (!socket_.is_open()) return;  // moved from
  unlink(path_.c_str());
  if (!own_directory_.empty()) rmdir(own_directory_.c_str());
}

std::optional<Visitor> RendezvousServer::accept_visitor() {
  Visitor visitor;
  visitor.connection = accept_connection(socket_.get());
  is_stuck_ = !visitor.connection.is_open() && errno != EAGAIN && errno != EINTR;
  if (!visitor.connection.is_open()) return std::nullopt;
  // A peer sends its hello right after connecting; one that does not may not hold up the others.
  const timeval patience{0, 100'000};
  setsockopt(visitor.connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::optional<Peer> peer = peer_of(visitor.connection.get());
  if (!is_own_or_root(peer)) return std::nullopt;
  visitor.pid = peer->pid;
  if (!receive_hello(&visitor)) return std::nullopt;
  return visitor;
}

bool is_still_there(const Visitor& visitor) {
  pollfd state{visitor.connection.get(), POLLIN, 0};
  return poll(&state, 1, 0) >= 0 && (state.revents & (POLLHUP | POLLERR)) == 0;
}

void decline(Visitor visitor) {
  Welcome welcome{};
  welcome.verdict = static_cast<std::uint32_t>(Verdict::decline);
  send_welcome(visitor, welcome, -1);
}

void hand_over(Visitor visitor, const Segment& segment) {
  Welcome welcome{};
  welcome.verdict = static_cast<std::uint32_t>(Verdict::record);
  welcome.segment_bytes = segment.bytes();
  const std::string path = segment_directory() + "/" + segment.name();
  if (path.size() < sizeof welcome.path) std::memcpy(welcome.path, path.data(), path.size());
  send_welcome(visitor, welcome, segment.descriptor());
}

AskerState state_of_asker(const Visitor& visitor) {
  pollfd state{visitor.connection.get(), POLLIN, 0};
  if (poll(&state, 1, 0) <= 0) return AskerState::waits;
  LeaksRequest again{};
  return receive_bytes(visitor.connection.get(), &again, sizeof again) == sizeof again
             ? AskerState::wants_it_now
             : AskerState::is_gone;
}

void tell_watching(const Visitor& visitor) {
  Welcome answer{};
  answer.magic = kLeaksAnswerMagic;
  answer.version = kProtocolVersion;
  answer.verdict = static_cast<std::uint32_t>(Verdict::watching);
  static_cast<void>(send_bytes(visitor.connection.get(), &answer, sizeof answer));
}

void answer_leaks(Visitor visitor, bool done, const std::string& path_or_why) {
  Welcome answer{};
  answer.magic = kLeaksAnswerMagic;
  answer.version = kProtocolVersion;
  answer.verdict = static_cast<std::uint32_t>(done ? Verdict::record : Verdict::decline);
  std::memcpy(answer.path, path_or_why.data(),
              std::min(path_or_why.size(), sizeof answer.path - 1));
  static_cast<void>(send_bytes(visitor.connection.get(), &answer, sizeof answer));
}

bool Visitor::asks_for_leaks() const {
  return hello.magic == kLeaksRequestMagic;
}

LeaksRequest Visitor::leaks_request() const {
  LeaksRequest request{};
  std::memcpy(&request, &hello, sizeof request);
  return request;
}

Result<UniqueFd> ask_for_leaks(const std::string& socket_path, uid_t owner, LeaksRequest request,
                               const LeaksAsker& asker) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof address.sun_path) {
    return Error{ErrorKind::system,
                 kAsk,
                 "process " + std::to_string(request.pid),
                 "it does not say where it listens (--no-follow)",
                 {}};
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  request.magic = kLeaksRequestMagic;
  request.version = kProtocolVersion;
  uid_t listener = 0;
  Result<UniqueFd> connection = connect_and_ask(address, owner, request, &listener);
  if (!connection) return connection.error();
  const Result<Welcome> answered = await_leaks_answer(connection->get(), request, asker);
  if (!answered) return answered.error();
  Welcome answer = *answered;
  answer.path[sizeof answer.path - 1] = '\0';
  if (answer.magic != kLeaksAnswerMagic || answer.version != kProtocolVersion ||
      answer.verdict != static_cast<std::uint32_t>(Verdict::record)) {
    return Error{ErrorKind::usage, kAsk, "process " + std::to_string(request.pid), answer.path, {}};
  }
  return take_leaks_answer(socket_path, answer.path, listener);
}

}  // namespace memwatch::intake
