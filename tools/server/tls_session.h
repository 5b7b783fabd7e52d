// One side of one encrypted connection, without the connection: bytes that came from the peer go
// in, bytes for the peer come out. Whoever owns it moves them. One owner, not thread-safe.
//
// Source: OpenSSL's SSL_read(3) and BIO_s_mem(3).
#pragma once

#include <openssl/ossl_typ.h>

#include <cstddef>
#include <memory>
#include <string>

#include "tools/server/tls_certificate.h"

namespace memwatch::server {

class TlsSession {
 public:
  enum class Outcome {
    done,
    starved,  // more has to come from the peer first
    over,     // the peer has said farewell
    failed,   // for good
  };
  static constexpr std::size_t kMostAtOnce = 16384;  // of a record

  explicit TlsSession(std::shared_ptr<const TlsCertificate> certificate);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // What came from the peer.
  void put(const char* bytes, std::size_t count);
  // What has to be sent to it by now.
  [[nodiscard]] std::string take();

  // After each of these, whatever comes of it, there may be something to take; after read() it can
  // wait for what is written next.
  Outcome shake_hands();
  Outcome read(void* target, std::size_t size, std::size_t* count);
  // Of up to kMostAtOnce bytes, not 0, all or none.
  Outcome write(const void* bytes, std::size_t size);
  void say_farewell();

 private:
  Outcome outcome_of(int result);

  std::shared_ptr<const TlsCertificate> certificate_;
  const TlsLibrary& library_;
  SSL* session_ = nullptr;  // null: there was no memory
  BIO* in_ = nullptr;       // the session's
  BIO* out_ = nullptr;
};

}  // namespace memwatch::server
