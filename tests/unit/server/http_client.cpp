#include "tests/unit/server/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace memwatch::server_testing {

namespace {

SSL_CTX* context() {
  static SSL_CTX* const made = SSL_CTX_new(TLS_client_method());
  return made;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port, const Options& options)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  signal(SIGPIPE, SIG_IGN);       // of OpenSSL's writes
  const timeval patience{60, 0};  // nothing waits for it when all is well
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (options.receive_buffer != 0) {
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, options.from.c_str(), &address.sin_addr), 1);
  EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  is_connected_ = true;
  if (!options.is_encrypted) return;
  session_ = SSL_new(context());
  if (options.most_version != 0) SSL_set_max_proto_version(session_, options.most_version);
  SSL_set_fd(session_, socket_.get());
  is_connected_ = SSL_connect(session_) == 1;
}

HttpClient::~HttpClient() {
  SSL_free(session_);
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::move(other.socket_)),
      session_(std::exchange(other.session_, nullptr)),
      is_connected_(other.is_connected_) {}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(session_, other.session_);
  std::swap(is_connected_, other.is_connected_);
  return *this;
}

void HttpClient::say(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = session_ != nullptr
                             ? SSL_write(session_, bytes.data(), static_cast<int>(bytes.size()))
                             : send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void HttpClient::say_no_more() const {
  if (session_ != nullptr) SSL_shutdown(session_);
  shutdown(socket_.get(), SHUT_WR);
}

std::string HttpClient::piece() const {
  std::string bytes(65536, '\0');
  errno = 0;
  const ssize_t got = session_ != nullptr
                          ? SSL_read(session_, bytes.data(), static_cast<int>(bytes.size()))
                          : recv(socket_.get(), bytes.data(), bytes.size(), 0);
  EXPECT_FALSE(got < 0 && errno == EAGAIN) << "neither an answer nor hung up on";
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

std::string HttpClient::hear(std::size_t enough) const {
  std::string all;
  while (all.size() < enough) {
    const std::string more = piece();
    if (more.empty()) break;
    all += more;
  }
  return all;
}

std::string HttpClient::hear_until(const std::string& last) const {
  std::string all;
  std::size_t searched = 0;
  while (all.find(last, searched) == std::string::npos) {
    searched = all.size() - std::min(all.size(), last.size());
    const std::string more = piece();
    if (more.empty()) break;
    all += more;
  }
  return all;
}

std::string HttpClient::subject() const {
  X509* const certificate = session_ == nullptr ? nullptr : SSL_get1_peer_certificate(session_);
  if (certificate == nullptr) return "";
  char text[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
  X509_free(certificate);
  return text;
}

CertificateFiles make_certificate(const std::string& directory, const std::string& name, int days) {
  const std::string base = directory + "/" + name, log = " 2>>'" + base + ".log'";
  const std::string make_key =
      "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
      " -keyout '" + base + ".key'";
  const std::string for_days = " -days " + std::to_string(days) + " -out '" + base + ".pem'";
  // `req` makes none that has expired.
  const std::string command =
      days > 0
          ? make_key + " -x509 -addext subjectAltName=DNS:localhost,IP:127.0.0.1" + for_days + log
          : make_key + " -new -out '" + base + ".csr'" + log + " && openssl x509 -req -in '" +
                base + ".csr' -signkey '" + base + ".key'" + for_days + log;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT: names of the test's own
  EXPECT_EQ(chmod((base + ".key").c_str(), 0600), 0);
  return {base + ".pem", base + ".key"};
}

}  // namespace memwatch::server_testing
