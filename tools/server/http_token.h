// The secret that requests of other machines must know: where it comes from, and whether a daemon
// may listen where it is told to. A secret that others on the machine can read is none. Errors:
// kind usage, one line each.
#pragma once

#include <string>

#include "collector/base/result.h"
#include "collector/daemon/http_config.h"
#include "tools/server/listen_address.h"

namespace memwatch::server {

// "" where none is wanted. 16 to 256 characters that a header can carry; of a file the first line.
Result<std::string> read_token(const daemon::HttpSettings& settings,
                               const std::string& config_path);

// Other machines can reach it: only with a token, and only encrypted, or if it
// is said that it need not be.
Result<void> may_listen(const ListenAddress& address, const daemon::HttpSettings& settings);

}  // namespace memwatch::server
