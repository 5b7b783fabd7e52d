#include "collector/intake/local_socket.h"

#include <unistd.h>

namespace memwatch::intake {

bool is_own_or_root(const std::optional<Peer>& peer) {
  return peer && (peer->user == geteuid() || peer->user == 0);
}

}  // namespace memwatch::intake
