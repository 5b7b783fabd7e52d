// The functions of OpenSSL that TLS is made of, loaded when a certificate is to be served with.
// `memwatch` is not linked with it: its tables, relocated at each start, would be 0.5 MiB of memory
// in every daemon and command. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "collector/base/result.h"

namespace memwatch::server {

// Names as OpenSSL's, without SSL_ where that is unambiguous.
struct TlsLibrary {
  decltype(&::TLS_server_method) server_method = nullptr;
  decltype(&::SSL_CTX_new) context_new = nullptr;
  decltype(&::SSL_CTX_free) context_free = nullptr;
  decltype(&::SSL_CTX_ctrl) context_ctrl = nullptr;
  decltype(&::SSL_CTX_set_options) context_set_options = nullptr;
  decltype(&::SSL_CTX_use_certificate) context_use_certificate = nullptr;
  decltype(&::SSL_CTX_use_PrivateKey) context_use_key = nullptr;
  decltype(&::SSL_new) session_new = nullptr;
  decltype(&::SSL_free) session_free = nullptr;
  decltype(&::SSL_set_bio) set_bio = nullptr;
  decltype(&::SSL_set_accept_state) set_accept_state = nullptr;
  decltype(&::SSL_do_handshake) do_handshake = nullptr;
  decltype(&::SSL_read) read = nullptr;
  decltype(&::SSL_write) write = nullptr;
  decltype(&::SSL_shutdown) shutdown = nullptr;
  decltype(&::SSL_get_error) get_error = nullptr;
  decltype(&::BIO_new) bio_new = nullptr;
  decltype(&::BIO_new_mem_buf) bio_new_mem_buf = nullptr;
  decltype(&::BIO_s_mem) bio_s_mem = nullptr;
  decltype(&::BIO_free) bio_free = nullptr;
  decltype(&::BIO_read) bio_read = nullptr;
  decltype(&::BIO_write) bio_write = nullptr;
  decltype(&::BIO_ctrl) bio_ctrl = nullptr;
  decltype(&::BIO_ctrl_pending) bio_pending = nullptr;
  decltype(&::PEM_read_bio_X509) read_certificate = nullptr;
  decltype(&::PEM_read_bio_PrivateKey) read_key = nullptr;
  decltype(&::X509_free) certificate_free = nullptr;
  decltype(&::X509_get0_notBefore) valid_from = nullptr;
  decltype(&::X509_get0_notAfter) valid_until = nullptr;
  decltype(&::X509_check_private_key) has_key = nullptr;
  decltype(&::X509_cmp_current_time) compare_with_now = nullptr;
  decltype(&::ASN1_TIME_print) print_time = nullptr;
  decltype(&::ASN1_TIME_diff) time_between = nullptr;
  decltype(&::EVP_PKEY_free) key_free = nullptr;
  decltype(&::ERR_get_error) next_error = nullptr;
  decltype(&::ERR_clear_error) clear_errors = nullptr;
  decltype(&::ERR_reason_error_string) reason_of = nullptr;

  // What went wrong last on this thread, in OpenSSL's words; forgets it.
  [[nodiscard]] std::string last_error() const;
};

// Loaded once; error of kind usage where it is not installed.
Result<const TlsLibrary*> tls_library();

}  // namespace memwatch::server
