#include "tools/server/tls_certificate.h"

#include <ctime>
#include <utility>

#include "tools/server/private_file.h"
#include "tools/server/tls_library.h"

namespace memwatch::server {

namespace {

constexpr const char* kReadCertificate = "read the certificate";
constexpr const char* kReadKey = "read the key of the certificate";
constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr mode_t kMoreThanTheGroupReads = 037;  // as Debian's ssl-cert has it

Error wrong(const char* attempted, const std::string& path, std::string why,
            std::string remedy = "") {
  return Error{ErrorKind::usage, attempted, path, std::move(why), std::move(remedy)};
}

std::string with_reason(std::string what, const std::string& reason) {
  return reason.empty() ? what : what + ": " + reason;
}

// Nobody is there to be asked. Returns what says that the key is encrypted.
int has_no_password(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

TlsCertificate::TlsCertificate(const TlsLibrary& library, std::string path)
    : library_(library),
      path_(std::move(path)),
      context_(library.context_new(library.server_method())) {}

TlsCertificate::~TlsCertificate() {
  library_.certificate_free(own_);
  library_.context_free(context_);
}

Result<std::shared_ptr<const TlsCertificate>> TlsCertificate::load(
    const std::string& certificate_path, const std::string& key_path) {
  const Result<const TlsLibrary*> library = tls_library();
  if (!library) return library.error();
  const Result<std::string> certificates =
      read_private_file(certificate_path, kMostBytes, 0, kReadCertificate);
  if (!certificates) return certificates.error();
  const Result<std::string> key =
      read_private_file(key_path, kMostBytes, kMoreThanTheGroupReads, kReadKey);
  if (!key) return key.error();
  (*library)->clear_errors();
  const std::shared_ptr<TlsCertificate> made(new TlsCertificate(**library, certificate_path));
  if (made->context_ == nullptr) {
    return wrong("serve with a certificate", certificate_path,
                 with_reason("OpenSSL does not start", (*library)->last_error()));
  }
  const TlsLibrary& of = **library;
  of.context_ctrl(made->context_, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  of.context_ctrl(made->context_, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  of.context_ctrl(made->context_, SSL_CTRL_MODE,
                  SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                      SSL_MODE_RELEASE_BUFFERS,
                  nullptr);
  of.context_set_options(made->context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (const auto used = made->use_certificates(*certificates); !used) return used.error();
  if (const auto used = made->use_key(*key, key_path); !used) return used.error();
  of.clear_errors();
  return std::shared_ptr<const TlsCertificate>(made);
}

Result<void> TlsCertificate::use_certificates(const std::string& text) {
  BIO* const pem = library_.bio_new_mem_buf(text.data(), static_cast<int>(text.size()));
  if (pem != nullptr) own_ = library_.read_certificate(pem, nullptr, nullptr, nullptr);
  bool is_used = own_ != nullptr && library_.context_use_certificate(context_, own_) == 1;
  while (is_used) {
    X509* const above = library_.read_certificate(pem, nullptr, nullptr, nullptr);
    if (above == nullptr) break;
    // Taken over where it is used.
    is_used = library_.context_ctrl(context_, SSL_CTRL_CHAIN_CERT, 0, above) == 1;
    if (!is_used) library_.certificate_free(above);
  }
  library_.bio_free(pem);
  const unsigned long kinds_of_end = library_.next_error();
  const bool is_end = kinds_of_end == 0 || (ERR_GET_LIB(kinds_of_end) == ERR_LIB_PEM &&
                                            ERR_GET_REASON(kinds_of_end) == PEM_R_NO_START_LINE);
  if (is_used && is_end) {
    library_.clear_errors();
    return {};
  }
  if (own_ == nullptr && is_end) {
    return wrong(kReadCertificate, path_,
                 "has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  }
  const char* const first = library_.reason_of(kinds_of_end);
  library_.clear_errors();
  return wrong(kReadCertificate, path_,
               with_reason("a certificate in it makes no sense", first == nullptr ? "" : first));
}

Result<void> TlsCertificate::use_key(const std::string& text, const std::string& key_path) {
  BIO* const pem = library_.bio_new_mem_buf(text.data(), static_cast<int>(text.size()));
  bool was_asked = false;
  EVP_PKEY* const key =
      pem == nullptr ? nullptr : library_.read_key(pem, nullptr, &has_no_password, &was_asked);
  library_.bio_free(pem);
  if (key == nullptr) {
    library_.clear_errors();
    if (was_asked) {
      return wrong(kReadKey, key_path, "is encrypted, and there is nobody to ask for a password",
                   "openssl pkey -in FILE -out PLAIN_FILE takes it off");
    }
    return wrong(kReadKey, key_path, "has no key in PEM (-----BEGIN PRIVATE KEY-----)");
  }
  const bool fits = library_.has_key(own_, key) == 1;
  const bool is_used = fits && library_.context_use_key(context_, key) == 1;
  library_.key_free(key);
  const std::string reason = library_.last_error();
  if (!fits) return wrong(kReadKey, key_path, "is not the key of " + path_);
  if (!is_used) return wrong(kReadKey, key_path, with_reason("cannot be used", reason));
  return {};
}

std::string TlsCertificate::out_of_time() const {
  const ASN1_TIME* const from = library_.valid_from(own_);
  const ASN1_TIME* const until = library_.valid_until(own_);
  const bool is_over = library_.compare_with_now(until) < 0;
  if (!is_over && library_.compare_with_now(from) <= 0) return "";
  return path_ + (is_over ? ": expired " : ": is not valid before ") +
         text_of(is_over ? until : from);
}

CertificateTimes TlsCertificate::times() const {
  const auto seconds_of = [this](const ASN1_TIME* time) {
    constexpr std::int64_t kDay = std::int64_t{24} * 3600;
    int days = 0, seconds = 0;
    const std::int64_t now = std::time(nullptr);
    return library_.time_between(&days, &seconds, nullptr, time) == 1 ? now + days * kDay + seconds
                                                                      : now;
  };
  const ASN1_TIME* const from = library_.valid_from(own_);
  const ASN1_TIME* const until = library_.valid_until(own_);
  return {path_, seconds_of(from), seconds_of(until), text_of(from), text_of(until)};
}

std::string TlsCertificate::text_of(const ASN1_TIME* time) const {
  std::string text;
  if (BIO* const memory = library_.bio_new(library_.bio_s_mem())) {
    if (library_.print_time(memory, time) == 1) {
      text.resize(64);
      const int length = library_.bio_read(memory, text.data(), static_cast<int>(text.size()));
      text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    }
    library_.bio_free(memory);
  }
  return text;
}

}  // namespace memwatch::server
