// The socket on which newly started processes introduce themselves (shared/rendezvous.h). It lies
// in a private directory of the user's; peers of another user are turned away. Non-blocking, but
// for the few bytes of a peer that has just connected. One owner, not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"
#include "collector/intake/segment.h"
#include "shared/rendezvous.h"

namespace memwatch::intake {

// A process that waits for its answer.
struct Visitor {
  pid_t pid = 0;  // as this process sees it, by the kernel's word
  protocol::Hello hello{};
  UniqueFd maps, memory;  // its /proc/self/maps and mem, where it could open them
  UniqueFd connection;

  [[nodiscard]] bool asks_for_leaks() const;
  [[nodiscard]] protocol::LeaksRequest leaks_request() const;
};

class RendezvousServer {
 public:
  // Listens in `$XDG_RUNTIME_DIR/memwatch`, else in a private directory under the temporary one.
  static Result<RendezvousServer> create();
  RendezvousServer(RendezvousServer&&) noexcept = default;
  RendezvousServer& operator=(RendezvousServer&&) noexcept = default;
  ~RendezvousServer();  // removes the socket, and the directory if it made one

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return socket_.get(); }  // readable: somebody is there

  // The next visitor, if one is waiting; one with nonsense to say is dropped (empty).
  std::optional<Visitor> accept_visitor();
  // Could the last one not be let in, for want of descriptors say? It goes on waiting, and
  // descriptor() stays readable.
  [[nodiscard]] bool is_stuck() const { return is_stuck_; }

 private:
  RendezvousServer() = default;
  std::string path_;
  std::string own_directory_;  // "" unless made for this server alone
  UniqueFd socket_;
  bool is_stuck_ = false;
};

// Is the process that introduced itself still waiting for its answer? Then its pid is its own.
[[nodiscard]] bool is_still_there(const Visitor& visitor);

// Both answer and close the connection.
void decline(Visitor visitor);
void hand_over(Visitor visitor, const Segment& segment);

// One that asked for a leak check and has not been answered: reads what it has to add.
enum class AskerState : std::uint8_t { waits, wants_it_now, is_gone };
[[nodiscard]] AskerState state_of_asker(const Visitor& visitor);

// Tells it that the watch has begun; the answer is still to come.
void tell_watching(const Visitor& visitor);

// Answers one that asked for a leak check: the path of the session, or why not.
void answer_leaks(Visitor visitor, bool done, const std::string& path_or_why);

// The other side: asks the collector on this socket, and waits for its answer: as long as is to be
// watched, and minutes more if need be. Of the request only what is asked for has to be filled in.
// The path stands in memory that the process's user may write to, so it is not enough that somebody
// listens there: it has to be this user, root, or `owner`, the segment's, and their answer is taken
// with care (leaks_answer). Result: the session, a file without a name. Error of kind usage:
// refused.
struct LeaksAsker {
  std::function<AskerState()> wish;  // several times a second, and after a signal: what it wants
  std::function<void()> watching;    // the process is watched from now on
};
Result<UniqueFd> ask_for_leaks(const std::string& socket_path, uid_t owner,
                               protocol::LeaksRequest request, const LeaksAsker& asker);

}  // namespace memwatch::intake
