// A connection of the HTTP server, encrypted or not: what Beast calls an AsyncStream, so that one
// code speaks over both. One reads and one writes at a time. Time-outs are those of the layer
// below. On the server's thread. Boost.Asio's own ssl::stream calls OpenSSL's functions by name,
// and so would have every command linked with it (tls_library.h).
#pragma once

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tools/server/tls_session.h"

namespace memwatch::server {

class HttpStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using next_layer_type = boost::beast::tcp_stream;
  using ErrorCode = boost::system::error_code;
  enum class Greeting {
    done,
    plain,   // it speaks HTTP that is not encrypted, and so does the stream from now on
    failed,  // or gone, or too slow
  };

  // Without a certificate it is not encrypted.
  HttpStream(boost::asio::ip::tcp::socket socket,
             std::shared_ptr<const TlsCertificate> certificate);

  executor_type get_executor() { return parts_->transport.get_executor(); }
  next_layer_type& next_layer() { return parts_->transport; }
  const next_layer_type& next_layer() const { return parts_->transport; }
  [[nodiscard]] bool is_encrypted() const { return parts_->tls != nullptr; }

  // Before anything else where it is encrypted.
  void greet(const std::function<void(Greeting)>& done) { greet(parts_, done); }

  // Nothing will be written any more, and the peer knows it; or nothing read either. What the peer
  // cannot take at once of the farewell it is not sent.
  void shut_down_writing();
  void close();

  template <typename Buffers, typename Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(ErrorCode, std::size_t)>(
        [this, &buffers](auto&& given) {
          if (!is_encrypted()) return plain().async_read_some(buffers, std::move(given));
          read(parts_, first_of<boost::asio::mutable_buffer>(buffers), erased(std::move(given)),
               true);
        },
        handler);
  }
  template <typename Buffers, typename Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(ErrorCode, std::size_t)>(
        [this, &buffers](auto&& given) {
          if (!is_encrypted()) return plain().async_write_some(buffers, std::move(given));
          // A header and a body that are short go out as one record.
          std::string bytes(std::min(boost::asio::buffer_size(buffers), TlsSession::kMostAtOnce),
                            '\0');
          boost::asio::buffer_copy(boost::asio::buffer(bytes), buffers);
          write(parts_, bytes, erased(std::move(given)));
        },
        handler);
  }

 private:
  // What those who read and write hold on to; the stream itself may be moved meanwhile.
  struct Parts {
    explicit Parts(boost::asio::ip::tcp::socket socket) : transport(std::move(socket)) {}
    boost::beast::tcp_stream transport;
    std::unique_ptr<TlsSession> tls;  // null: not encrypted
    std::string heard;                // of the peer, encrypted
    bool is_greeting = false, is_writing = false, has_said_farewell = false;
  };
  using SharedParts = std::shared_ptr<Parts>;
  using Done = std::function<void(ErrorCode, std::size_t)>;

  boost::beast::tcp_stream& plain() { return parts_->transport; }

  // Handlers cannot be copied, functions must be.
  template <typename Handler>
  static Done erased(Handler&& handler) {
    return [shared = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler))](
               ErrorCode error, std::size_t count) { std::move (*shared)(error, count); };
  }
  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers),
              end = boost::asio::buffer_sequence_end(buffers);
         at != end; ++at) {
      const Buffer buffer(*at);
      if (buffer.size() != 0) return buffer;
    }
    return {};
  }

  static void greet(const SharedParts& parts, const std::function<void(Greeting)>& done);
  // `is_first`: inside of the call that began it, which must be left before `done` is called.
  static void read(const SharedParts& parts, boost::asio::mutable_buffer target, const Done& done,
                   bool is_first);
  static void write(const SharedParts& parts, const std::string& bytes, const Done& done);
  static void say_farewell(Parts& parts);

  SharedParts parts_;
};

// What Beast's WebSocket asks of a stream: the end, after its own farewell.
void teardown(boost::beast::role_type role, HttpStream& stream, boost::system::error_code& error);
template <typename Handler>
void async_teardown(boost::beast::role_type role, HttpStream& stream, Handler&& handler) {
  stream.shut_down_writing();
  boost::beast::websocket::async_teardown(role, stream.next_layer().socket(),
                                          std::forward<Handler>(handler));
}

}  // namespace memwatch::server
