// An HTTP/1.1 server for one handler, on a thread of its own; encrypted where it has a certificate.
// What a connection may cost is bounded: bytes of header and body, seconds it may be silent; and
// for each address and for all, connections at once and requests a second (address_shares.h). Where
// there is a token, who does not know it is answered with 401, or with a page that asks for it
// (http_guard.h). Without one only requests for this machine by its own name are answered (a page
// elsewhere whose name was made to point here is not). No other origin may read an answer: no CORS
// header is ever sent.
//
// The handler is called on the server's thread; it replies from any thread, once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collector/base/result.h"
#include "tools/server/http_message.h"
#include "tools/server/listen_address.h"
#include "tools/server/live_stream.h"
#include "tools/server/tls_certificate.h"

namespace memwatch::server {

class HttpServer {
 public:
  using Handler = std::function<void(HttpRequest, std::function<void(HttpResponse)>)>;
  static constexpr std::size_t kMaxHeaderBytes = 8192, kMaxBodyBytes = 65536;

  struct Settings {
    LiveStream* live = nullptr;  // outlives the server; at /api/v1/stream and /api/v1/ws
    std::string token{};         // what requests must know; "": nothing
    std::shared_ptr<const TlsCertificate> certificate{};  // null: not encrypted
    // Around a handshake, the work on a request and its answer, which are much code that is used
    // for a moment: none of it need be in memory beside the other. At most 20 times a second, on
    // the server's thread.
    std::function<void()> give_back{};
  };

  // Error: the port is taken, or may not be used.
  static Result<std::unique_ptr<HttpServer>> start(const ListenAddress& address, Handler handler,
                                                   Settings settings);
  ~HttpServer();  // open connections are cut off
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // For connections that come from now on; of a server that has one.
  void renew_certificate(std::shared_ptr<const TlsCertificate> certificate);

  [[nodiscard]] std::uint16_t port() const;  // also where 0 was asked for

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace memwatch::server
