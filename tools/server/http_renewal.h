// What SIGHUP changes of [http]: the certificate, which has to be renewed while a daemon runs. On
// the daemon's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "collector/daemon/http_config.h"
#include "tools/server/http_server.h"

namespace memwatch::server {

// As [http] names it; null where it names none.
Result<std::shared_ptr<const TlsCertificate>> load_certificate(
    const daemon::HttpSettings& settings);

// Reads the files of the certificate again, by the names that hold now; one that is not as it
// should be is told and the one from before stays. Returns what is in force: all else is `current`,
// and that is told where `wanted` differs. A renewed certificate is what `watch` watches from then
// on. `server` may be null.
daemon::HttpSettings renew_http(HttpServer* server, const daemon::HttpSettings& current,
                                const daemon::HttpSettings& wanted, const std::string& config_path,
                                const std::function<void(const std::string&)>& warn,
                                CertificateWatch& watch);

}  // namespace memwatch::server
