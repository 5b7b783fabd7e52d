// The session file in which a collector has answered a leaks request (shared/rendezvous.h), taken
// by the one who asked. Any thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::intake {

// Opens it for reading and removes its name. `path` is what the listener at `socket_path`, who is
// the user `listener`, has answered. Root may have asked somebody who means ill, so nothing is
// opened or removed but a plain file of the listener's in the socket's directory, which has to be
// theirs too. Error of kind damaged: the path leads elsewhere, or to something else.
Result<UniqueFd> take_leaks_answer(const std::string& socket_path, const std::string& path,
                                   uid_t listener);

}  // namespace memwatch::intake
