#include <sys/socket.h>

#include "collector/intake/local_socket.h"

namespace memwatch::intake {

UniqueFd local_socket() {
  return UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

UniqueFd local_socket_that_never_waits() {
  return UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

UniqueFd accept_connection(int listener) {
  return UniqueFd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

std::optional<Peer> peer_of(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return Peer{peer.pid, peer.uid};
}

ssize_t receive_message(int connection, msghdr& message) {
  return recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
}

ssize_t send_message(int connection, const msghdr& message) {
  return sendmsg(connection, &message, MSG_NOSIGNAL);
}

}  // namespace memwatch::intake
