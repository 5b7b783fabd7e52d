#include "tools/server/tls_library.h"

#include <dlfcn.h>

#include <optional>
#include <string>
#include <type_traits>

namespace memwatch::server {

namespace {

// The one whose headers this was compiled with; it brings libcrypto along.
constexpr const char* kLibrary =
    OPENSSL_VERSION_NUMBER >= 0x30000000L ? "libssl.so.3" : "libssl.so.1.1";

// Never unloaded: OpenSSL leaves functions to be called at the end of each thread and the program.
std::optional<TlsLibrary> load() {
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  TlsLibrary of;
  bool has_all = true;
  const auto find = [&](const char* name, auto* function) {
    *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(dlsym(library, name));
    has_all = has_all && *function != nullptr;
  };
  find("TLS_server_method", &of.server_method);
  find("SSL_CTX_new", &of.context_new);
  find("SSL_CTX_free", &of.context_free);
  find("SSL_CTX_ctrl", &of.context_ctrl);
  find("SSL_CTX_set_options", &of.context_set_options);
  find("SSL_CTX_use_certificate", &of.context_use_certificate);
  find("SSL_CTX_use_PrivateKey", &of.context_use_key);
  find("SSL_new", &of.session_new);
  find("SSL_free", &of.session_free);
  find("SSL_set_bio", &of.set_bio);
  find("SSL_set_accept_state", &of.set_accept_state);
  find("SSL_do_handshake", &of.do_handshake);
  find("SSL_read", &of.read);
  find("SSL_write", &of.write);
  find("SSL_shutdown", &of.shutdown);
  find("SSL_get_error", &of.get_error);
  find("BIO_new", &of.bio_new);
  find("BIO_new_mem_buf", &of.bio_new_mem_buf);
  find("BIO_s_mem", &of.bio_s_mem);
  find("BIO_free", &of.bio_free);
  find("BIO_read", &of.bio_read);
  find("BIO_write", &of.bio_write);
  find("BIO_ctrl", &of.bio_ctrl);
  find("BIO_ctrl_pending", &of.bio_pending);
  find("PEM_read_bio_X509", &of.read_certificate);
  find("PEM_read_bio_PrivateKey", &of.read_key);
  find("X509_free", &of.certificate_free);
  find("X509_get0_notBefore", &of.valid_from);
  find("X509_get0_notAfter", &of.valid_until);
  find("X509_check_private_key", &of.has_key);
  find("X509_cmp_current_time", &of.compare_with_now);
  find("ASN1_TIME_print", &of.print_time);
  find("ASN1_TIME_diff", &of.time_between);
  find("EVP_PKEY_free", &of.key_free);
  find("ERR_get_error", &of.next_error);
  find("ERR_clear_error", &of.clear_errors);
  find("ERR_reason_error_string", &of.reason_of);
  return has_all ? std::optional<TlsLibrary>(of) : std::nullopt;
}

}  // namespace

std::string TlsLibrary::last_error() const {
  const char* reason = nullptr;
  while (const unsigned long code = next_error()) {
    if (const char* const text = reason_of(code)) reason = text;
  }
  return reason == nullptr ? "" : reason;
}

Result<const TlsLibrary*> tls_library() {
  static const std::optional<TlsLibrary> loaded = load();
  if (loaded) return &*loaded;
  return Error{ErrorKind::usage, "serve with a certificate", kLibrary, "cannot be loaded",
               "Debian: apt install libssl3"};
}

}  // namespace memwatch::server
