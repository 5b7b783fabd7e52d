// An HTTP/1.1 server for one handler, on a thread of its own. What a connection may cost is
// bounded: bytes of header and body, seconds it may be silent, connections at once, requests a
// second. Where there is a token, who does not know it is answered with 401, or with a page that
// asks for it (http_guard.h). Without one only requests for this machine by its own name are
// answered (a page elsewhere whose name was made to point here is not). No other origin may read an
// answer: no CORS header is ever sent.
//
// The handler is called on the server's thread; it replies from any thread, once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collector/base/result.h"
#include "tools/server/http_message.h"
#include "tools/server/live_stream.h"

namespace memwatch::server {

struct ListenAddress {
  std::string host;  // 127.0.0.1, ::1
  std::uint16_t port = 0;
  bool is_loopback = true;  // no other machine can reach it

  [[nodiscard]] std::string text() const;  // "127.0.0.1:7676", "[::1]:7676"
};

// From the above text. Error of kind usage: not of this form; or, unless asked for, reachable for
// other machines.
Result<ListenAddress> parse_listen_address(const std::string& text, bool may_be_reached = false);

class HttpServer {
 public:
  using Handler = std::function<void(HttpRequest, std::function<void(HttpResponse)>)>;
  static constexpr std::size_t kMaxHeaderBytes = 8192, kMaxBodyBytes = 65536;
  static constexpr std::size_t kMaxConnections = 64;
  static constexpr unsigned kRequestsPerSecond = 100, kBurst = 200;

  // `live`, which outlives the server, goes out at /api/v1/stream and /api/v1/ws; null: nowhere.
  // `token` is what requests must know; "": nothing. Error: the port is taken, or may not be used.
  static Result<std::unique_ptr<HttpServer>> start(const ListenAddress& address, Handler handler,
                                                   LiveStream* live = nullptr,
                                                   const std::string& token = "");
  ~HttpServer();  // open connections are cut off
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;  // also where 0 was asked for

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace memwatch::server
