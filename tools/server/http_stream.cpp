#include "tools/server/http_stream.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace memwatch::server {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Outcome = TlsSession::Outcome;

constexpr std::size_t kHeardAtOnce = 16384 + 512;  // a record

error_code broken() {
  return {EPROTO, boost::system::system_category()};
}

// Requests begin with a method; what is encrypted with 22, a handshake.
bool is_plain_request(char first) {
  return first >= 'A' && first <= 'Z';
}

}  // namespace

HttpStream::HttpStream(tcp::socket socket, std::shared_ptr<const TlsCertificate> certificate)
    : parts_(std::make_shared<Parts>(std::move(socket))) {
  if (certificate == nullptr) return;
  parts_->tls = std::make_unique<TlsSession>(std::move(certificate));
  parts_->heard.resize(kHeardAtOnce);
}

void HttpStream::greet(const SharedParts& parts, const std::function<void(Greeting)>& done) {
  const Outcome outcome = parts->tls->shake_hands();
  const auto go_on = [parts, done, outcome] {
    if (outcome == Outcome::done) return done(Greeting::done);
    if (outcome != Outcome::starved) return done(Greeting::failed);
    parts->transport.async_read_some(
        asio::buffer(parts->heard), [parts, done](error_code error, std::size_t count) {
          if (error || count == 0) return done(Greeting::failed);
          if (!std::exchange(parts->is_greeting, true) && is_plain_request(parts->heard.front())) {
            parts->tls.reset();
            return done(Greeting::plain);
          }
          parts->tls->put(parts->heard.data(), count);
          greet(parts, done);
        });
  };
  const auto answer = std::make_shared<std::string>(parts->tls->take());
  if (answer->empty()) return go_on();
  asio::async_write(parts->transport, asio::buffer(*answer),
                    [done, answer, go_on](error_code error, std::size_t) {
                      if (error) return done(Greeting::failed);
                      go_on();
                    });
}

void HttpStream::read(const SharedParts& parts, asio::mutable_buffer target, const Done& done,
                      bool is_first) {
  const auto complete = [&](error_code error, std::size_t count) {
    if (!is_first) return done(error, count);
    asio::post(parts->transport.get_executor(), [done, error, count] { done(error, count); });
  };
  std::size_t count = 0;
  if (target.size() == 0) return complete({}, 0);
  switch (parts->tls->read(target.data(), target.size(), &count)) {
    case Outcome::done:
      return complete({}, count);
    case Outcome::over:
      return complete(asio::error::eof, 0);
    case Outcome::failed:
      return complete(broken(), 0);
    case Outcome::starved:
      break;
  }
  parts->transport.async_read_some(asio::buffer(parts->heard),
                                   [parts, target, done](error_code error, std::size_t got) {
                                     if (error) return done(error, 0);
                                     parts->tls->put(parts->heard.data(), got);
                                     read(parts, target, done, false);
                                   });
}

void HttpStream::write(const SharedParts& parts, const std::string& bytes, const Done& done) {
  const bool is_done =
      bytes.empty() || parts->tls->write(bytes.data(), bytes.size()) == Outcome::done;
  const auto sealed = std::make_shared<std::string>(is_done ? parts->tls->take() : "");
  if (!is_done || sealed->empty()) {
    const error_code error = is_done ? error_code{} : broken();
    asio::post(parts->transport.get_executor(),
               [done, error, count = is_done ? bytes.size() : 0] { done(error, count); });
    return;
  }
  parts->is_writing = true;
  asio::async_write(parts->transport, asio::buffer(*sealed),
                    [parts, sealed, done, count = bytes.size()](error_code error, std::size_t) {
                      parts->is_writing = false;
                      done(error, error ? 0 : count);
                    });
}

// Once. In the middle of a record it would make no sense.
void HttpStream::say_farewell(Parts& parts) {
  if (parts.tls == nullptr || parts.is_writing || std::exchange(parts.has_said_farewell, true)) {
    return;
  }
  parts.tls->say_farewell();
  const std::string bytes = parts.tls->take();
  const int socket = parts.transport.socket().native_handle();
  if (!bytes.empty()) (void)!send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void HttpStream::shut_down_writing() {
  say_farewell(*parts_);
  error_code ignored;
  parts_->transport.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void HttpStream::close() {
  say_farewell(*parts_);
  parts_->transport.close();
}

void teardown(boost::beast::role_type role, HttpStream& stream, error_code& error) {
  stream.shut_down_writing();
  boost::beast::websocket::teardown(role, stream.next_layer().socket(), error);
}

}  // namespace memwatch::server
