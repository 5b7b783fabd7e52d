// The socket's place in the file system: private directories, names, and what collectors that were
// killed have left there. Any thread. Errors: what cannot be read or removed stays.
#pragma once

#include <string>
#include <string_view>

namespace memwatch::intake {

// Is this a directory, no link to one, that nobody but this user can enter?
bool is_private_directory(const std::string& path);

// run-PID-XXXXXXXXYYYYYYYY: X the low half of this process's start time, which makes a reused pid
// another process, Y random. At most 31 characters.
std::string new_socket_name();

// Removes sockets that were made under such names and that nobody listens at any more. In a
// directory that is this user's alone.
void sweep_sockets(const std::string& directory);

// The same in every private directory of `base` whose name begins like this, and removes those that
// are empty then. Those of the last minute are left alone: their socket may be about to be made.
void sweep_temporary_directories(const std::string& base, std::string_view prefix);

}  // namespace memwatch::intake
