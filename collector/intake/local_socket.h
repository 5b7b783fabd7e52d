// Sockets between processes of one machine, as far as systems differ; a twin for each. Messages are
// of fixed sizes, so where there are none but streams, a message is that many bytes.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <optional>

#include "collector/base/unique_fd.h"

namespace memwatch::intake {

// Not inherited by programs that are started; not open: errno says why.
UniqueFd local_socket();
UniqueFd local_socket_that_never_waits();

// The next connection to a socket that listens; not inherited, and waits for its peer.
UniqueFd accept_connection(int listener);

// By the kernel's word.
struct Peer {
  pid_t pid = 0;
  uid_t user = 0;
};
std::optional<Peer> peer_of(int connection);

// Is the other side this user's, or root's? Of a connection made with connect() that is who
// listened there: a path says nothing about that.
bool is_own_or_root(const std::optional<Peer>& peer);

// recvmsg and sendmsg of a whole message. Descriptors that come along are not inherited; a peer
// that is gone is an error, no signal. The control part of what is received is the caller's.
ssize_t receive_message(int connection, msghdr& message);
ssize_t send_message(int connection, const msghdr& message);

}  // namespace memwatch::intake
