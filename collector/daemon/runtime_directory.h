// Where the daemon of a user is found while it runs: its control socket and its lock lie in
// $XDG_RUNTIME_DIR/memwatch; without that variable in /run/memwatch for root, for others in
// memwatch-UID of the temporary directory. It must be private to the user. Reads the environment;
// not while it changes.
#pragma once

#include <string>

#include "collector/base/result.h"

namespace memwatch::daemon {

// Made if it is not there. Error: it cannot be made, belongs to another user or is open to others.
Result<std::string> runtime_directory();

// The control socket in it.
std::string control_socket_path(const std::string& runtime_directory);

}  // namespace memwatch::daemon
