// Streams, since macOS has nothing else between processes that keeps a connection.
#include <fcntl.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "collector/intake/local_socket.h"

namespace memwatch::intake {

namespace {

void set_up(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
}

void close_on_exec(const msghdr& message) {
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = CMSG_LEN(0); at + sizeof(int) <= head->cmsg_len; at += sizeof(int)) {
      int descriptor = -1;
      std::memcpy(&descriptor, reinterpret_cast<char*>(head) + at, sizeof descriptor);
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
  }
}

}  // namespace

UniqueFd local_socket() {
  UniqueFd made(socket(AF_UNIX, SOCK_STREAM, 0));
  if (made.is_open()) set_up(made.get());
  return made;
}

UniqueFd local_socket_that_never_waits() {
  UniqueFd made = local_socket();
  if (made.is_open()) fcntl(made.get(), F_SETFL, O_NONBLOCK);
  return made;
}

// It would inherit that it never waits.
UniqueFd accept_connection(int listener) {
  UniqueFd connection(accept(listener, nullptr, nullptr));
  if (connection.is_open()) {
    set_up(connection.get());
    fcntl(connection.get(), F_SETFL, 0);
  }
  return connection;
}

std::optional<Peer> peer_of(int connection) {
  Peer peer;
  socklen_t size = sizeof peer.pid;
  gid_t group = 0;
  if (getsockopt(connection, SOL_LOCAL, LOCAL_PEERPID, &peer.pid, &size) != 0 ||
      getpeereid(connection, &peer.user, &group) != 0) {
    return std::nullopt;
  }
  return peer;
}

ssize_t receive_message(int connection, msghdr& message) {
  const ssize_t got = recvmsg(connection, &message, MSG_WAITALL);
  if (got >= 0) close_on_exec(message);
  return got;
}

// A socket waits until there is room for all of it.
ssize_t send_message(int connection, const msghdr& message) {
  return sendmsg(connection, &message, 0);
}

}  // namespace memwatch::intake
