// Where the daemon of a user is found while it runs: its control socket and its lock lie in
// $XDG_RUNTIME_DIR/memwatch; without that variable in /run/memwatch for root, for others in
// memwatch-UID of the temporary directory. Root's is in /run/memwatch too where the variable tells
// of a login (/run/user/…): the machine's daemon is a service without one, and is to be found from
// root's login, from su and from sudo -E. It must be private to the user. Reads the environment;
// not while it changes.
#pragma once

#include <string>

#include "collector/base/result.h"

namespace memwatch::daemon {

// Made if it is not there. Error: it cannot be made, belongs to another user or is open to others.
Result<std::string> runtime_directory();

// Where it is by the value of XDG_RUNTIME_DIR (may be null).
std::string runtime_directory_path(const char* xdg_runtime_dir, bool is_root);

// The control socket in it.
std::string control_socket_path(const std::string& runtime_directory);

}  // namespace memwatch::daemon
