// A client for the tests of the HTTP server, which says what no good client would: bytes, encrypted
// or not, from any loopback address. Blocking; what takes a minute is a failure of the test.
#pragma once

#include <openssl/ossl_typ.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "collector/base/unique_fd.h"

namespace memwatch::server_testing {

class HttpClient {
 public:
  struct Options {
    bool is_encrypted = false;
    std::string from = "127.0.0.1";
    int receive_buffer = 0;  // bytes; 0: the system's
    int most_version = 0;    // TLS1_2_VERSION; 0: the newest
  };

  HttpClient(std::uint16_t port, const Options& options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Its certificate has not been looked at; false too where it is not encrypted and could not
  // connect.
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  // Less where it was hung up on.
  void say(std::string_view bytes) const;
  void say_no_more() const;
  // Until the other side hangs up, or `enough` bytes.
  [[nodiscard]] std::string hear(std::size_t enough = std::string::npos) const;
  // The same until `last` has been said.
  [[nodiscard]] std::string hear_until(const std::string& last) const;
  // "CN = localhost" of the server's certificate.
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] int socket() const { return socket_.get(); }

 private:
  // What has come; empty: hung up on.
  [[nodiscard]] std::string piece() const;

  UniqueFd socket_;
  SSL* session_ = nullptr;
  bool is_connected_ = false;
};

// A certificate for localhost and its key, both in PEM, made by the openssl command.
struct CertificateFiles {
  std::string certificate, key;
};
// The files are in `directory`, NAME.pem and NAME.key. It expires in `days`, or did so before.
CertificateFiles make_certificate(const std::string& directory, const std::string& name,
                                  int days = 2);

}  // namespace memwatch::server_testing
