// A certificate and its key, as connections are encrypted with: TLS 1.2 or newer, no compression,
// no renegotiation, nothing kept of sessions. Errors: kind usage, one line that names the file.
// Thread safety: immutable once loaded.
#pragma once

#include <openssl/ossl_typ.h>

#include <memory>
#include <string>

#include "collector/base/result.h"
#include "tools/server/certificate_watch.h"

namespace memwatch::server {

struct TlsLibrary;

class TlsCertificate {
 public:
  // PEM files: the certificate, followed by those up to its issuer's; its key, not encrypted, which
  // others on the machine must not be able to read (a group may).
  static Result<std::shared_ptr<const TlsCertificate>> load(const std::string& certificate_path,
                                                            const std::string& key_path);
  ~TlsCertificate();
  TlsCertificate(const TlsCertificate&) = delete;
  TlsCertificate& operator=(const TlsCertificate&) = delete;

  // Why no client will accept it now, "/etc/cert.pem: expired Nov  1 12:00:00 2026 GMT"; "": it is
  // within its time.
  [[nodiscard]] std::string out_of_time() const;
  // For who watches it end: certificate_watch.h.
  [[nodiscard]] CertificateTimes times() const;

 private:
  friend class TlsSession;
  TlsCertificate(const TlsLibrary& library, std::string path);
  Result<void> use_certificates(const std::string& text);
  Result<void> use_key(const std::string& text, const std::string& key_path);
  [[nodiscard]] std::string text_of(const ASN1_TIME* time) const;

  const TlsLibrary& library_;
  std::string path_;
  SSL_CTX* context_ = nullptr;
  X509* own_ = nullptr;
};

}  // namespace memwatch::server
