#include "tools/server/http_renewal.h"

namespace memwatch::server {

Result<std::shared_ptr<const TlsCertificate>> load_certificate(
    const daemon::HttpSettings& settings) {
  if (settings.certificate.empty()) return std::shared_ptr<const TlsCertificate>();
  return TlsCertificate::load(settings.certificate, settings.key);
}

daemon::HttpSettings renew_http(HttpServer* server, const daemon::HttpSettings& current,
                                const daemon::HttpSettings& wanted, const std::string& config_path,
                                const std::function<void(const std::string&)>& warn,
                                CertificateWatch& watch) {
  daemon::HttpSettings in_force = current, rest = wanted;
  if (server != nullptr && !current.certificate.empty() && !wanted.certificate.empty()) {
    auto certificate = load_certificate(wanted);
    const std::string why =
        certificate ? (*certificate)->out_of_time() : certificate.error().to_line();
    if (why.empty()) {
      watch.watch((*certificate)->times());
      server->renew_certificate(*std::move(certificate));
      in_force.certificate = wanted.certificate;
      in_force.key = wanted.key;
    } else {
      warn(why + "; the certificate from before stays");
    }
    rest.certificate = in_force.certificate;
    rest.key = in_force.key;
  }
  if (rest != in_force) {
    warn(config_path + ": [http] is as it was until the daemon is started again");
  }
  return in_force;
}

}  // namespace memwatch::server
