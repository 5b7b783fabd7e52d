#include "tools/server/http_server.h"

#include <signal.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>  // before any header of asio, which uses std::exchange without it in C++20

#include "tools/server/address_shares.h"
#include "tools/server/http_guard.h"
#include "tools/server/http_live.h"
#include "tools/server/http_stream.h"
#include "tools/server/login_page.h"

namespace memwatch::server {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kPatience{15};
// What a refused sender may still say before it is hung up on: closed at once, the answer would be
// lost with what was not read.
constexpr std::size_t kMaxLingeringBytes = 1U << 20;
constexpr std::chrono::seconds kLingering{2};

Error listen_error(const ListenAddress& address, const error_code& error) {
  const bool is_taken = error == boost::system::errc::address_in_use;
  return Error{is_taken ? ErrorKind::usage : ErrorKind::system, "listen for requests",
               address.text(), is_taken ? "another program listens there already" : error.message(),
               is_taken ? "--listen names another address, or off" : ""};
}

// Who has a share, and whose mistakes are counted: of IPv6 a network, for who has one has all its
// addresses.
std::string name_of_peer(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "";
  const asio::ip::address address = endpoint.address();
  if (address.is_v4()) return address.to_string();
  if (address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return asio::ip::make_address_v6(bytes).to_string();
}

// "localhost", "127.0.0.1", "[::1]", with any port.
bool is_own_name(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = host.substr(0, colon);
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  class Connection;

  State(Handler given, Settings settings)
      : handler(std::move(given)),
        live(settings.live),
        certificate(std::move(settings.certificate)),
        give_back_(std::move(settings.give_back)) {}

  // Connections that are cut off with the context at the end still count themselves out.
  AddressShares shares{AddressShares::Clock::now()};
  Handler handler;
  LiveStream* live;                                   // or null
  std::shared_ptr<const TlsCertificate> certificate;  // of the server's thread, or null
  std::optional<HttpGuard> guard;  // of the server's thread; none: nothing need be known
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer later{context};
  std::thread thread;

  void accept();
  void welcome(tcp::socket socket);
  void give_back();

 private:
  // What is given back comes back at a cost of four times what a request costs: of as many as this
  // in a second, and where more is asked the memory stays.
  static constexpr int kGivesBackInASecond = 20;

  std::function<void()> give_back_;  // or null
  std::chrono::steady_clock::time_point second_{};
  int given_back_ = 0;  // in that second
};

// One connection: greets where it is encrypted, reads a request, waits for the answer, writes it,
// and so on.
class HttpServer::State::Connection
    : public std::enable_shared_from_this<HttpServer::State::Connection> {
 public:
  // Of an address that it was opened for in the server's shares.
  Connection(tcp::socket socket, std::string peer, State& server)
      : stream_(std::move(socket), server.certificate), peer_(std::move(peer)), server_(server) {}
  ~Connection() {
    if (is_listener_) server_.shares.end_listening(peer_);
    server_.shares.close(peer_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    if (!stream_.is_encrypted()) return read();
    stream_.next_layer().expires_after(kPatience);
    server_.give_back();
    stream_.greet([self = shared_from_this()](HttpStream::Greeting greeting) {
      self->server_.give_back();
      if (greeting == HttpStream::Greeting::done) return self->read();
      if (greeting != HttpStream::Greeting::plain) return;
      self->refuse(400, "this port speaks https:// alone");
    });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(kMaxBodyBytes);
    stream_.next_layer().expires_after(kPatience);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->has_read(error); });
  }

  void has_read(error_code error) {
    if (error == http::error::header_limit) return refuse(431, "the header is too long");
    if (error == http::error::body_limit) return refuse(413, "the body is too long");
    // Gone, or silent for too long: the system's errors. No error has the system's category too.
    const bool is_nonsense = error.category() != asio::error::get_system_category() &&
                             error.category() != asio::error::get_misc_category() &&
                             error != http::error::end_of_stream && error != beast::error::timeout;
    if (error && is_nonsense) return refuse(400, "that is no request of HTTP/1.1");
    if (error) return;
    const auto& message = parser_->get();
    keep_alive_ = message.keep_alive();
    is_head_ = message.method() == http::verb::head;
    if (!server_.shares.ask(peer_, AddressShares::Clock::now())) {
      HttpResponse response = problem(429, "more requests a second than are answered");
      response.headers["Retry-After"] = "1";
      return write(std::move(response));
    }
    // Whose name was made to point here has no cookie of ours, and no token.
    const auto host = message[http::field::host];
    if (!server_.guard && !is_own_name({host.data(), host.size()})) {
      return write(problem(403, "requests are answered for localhost alone"));
    }
    // A page of another site must not change anything here.
    if (!is_head_ && message.method() != http::verb::get && is_foreign(message)) {
      return write(problem(403, "pages of other sites may change nothing here"));
    }
    if (server_.guard && !is_let_in(message)) return;
    if (server_.live != nullptr && is_live_path(message.target())) return serve_live(message);
    HttpRequest request;
    // HEAD is answered as GET is, but for the body.
    request.method = is_head_ ? "GET" : std::string(message.method_string());
    request.target = std::string(message.target());
    request.accept_encoding = std::string(message[http::field::accept_encoding]);
    request.if_none_match = std::string(message[http::field::if_none_match]);
    server_.give_back();
    server_.handler(
        std::move(request),
        [waiting = Waiting{server_.shared_from_this(), shared_from_this()}](HttpResponse answer) {
          asio::post(waiting.server->context,
                     [self = waiting.self, answer = std::move(answer)]() mutable {
                       self->write(std::move(answer));
                     });
        });
  }

  // Browsers say which page makes them ask.
  [[nodiscard]] bool is_foreign(const HttpText& message) const {
    const std::string_view origin = text_of(message, http::field::origin);
    const std::string host(text_of(message, http::field::host));
    if (origin.empty()) return false;
    // Where a token is asked for there may be a proxy in front, which encrypts.
    const bool may_be_encrypted = stream_.is_encrypted() || server_.guard;
    return (stream_.is_encrypted() || origin != "http://" + host) &&
           (!may_be_encrypted || origin != "https://" + host);
  }

  static std::string_view text_of(const HttpText& message, http::field field) {
    const auto text = message[field];
    return {text.data(), text.size()};
  }

  // False: it has been answered.
  bool is_let_in(const HttpText& message) {
    using Verdict = HttpGuard::Verdict;
    const auto now = HttpGuard::Clock::now();
    if (message.target() == boost::string_view(kLoginPath.data(), kLoginPath.size()) &&
        message.method() == http::verb::post) {
      std::string cookie;
      const Verdict verdict = server_.guard->log_in(message.body(), peer_, now, &cookie);
      HttpResponse response = verdict == Verdict::too_often
                                  ? login_page(429, "That was wrong too often. Try again later.")
                              : verdict == Verdict::welcome ? login_page(303, "")
                                                            : login_page(401, "That was wrong.");
      if (verdict == Verdict::welcome) {
        response.body.clear();
        response.headers["Location"] = "/";
        response.headers["Set-Cookie"] = cookie;
      }
      write(std::move(response));
      return false;
    }
    const Verdict verdict = server_.guard->judge(text_of(message, http::field::authorization),
                                                 text_of(message, http::field::cookie), peer_, now);
    if (verdict == Verdict::welcome) return true;
    if (verdict == Verdict::too_often) {
      HttpResponse refused = problem(429, "the token was wrong too often");
      refused.headers["Retry-After"] = std::to_string(HttpGuard::kForgivesOne.count());
      write(std::move(refused));
      return false;
    }
    const bool is_page = message.target() == "/" || message.target() == "/login";
    HttpResponse refused =
        is_page && verdict == Verdict::unknown
            ? login_page(401, "")
            : problem(401, verdict == Verdict::wrong ? "the token is wrong"
                                                     : "a token is needed: Authorization: Bearer");
    refused.headers["WWW-Authenticate"] = verdict == Verdict::wrong
                                              ? "Bearer realm=\"memwatch\", error=\"invalid_token\""
                                              : "Bearer realm=\"memwatch\"";
    write(std::move(refused));
    return false;
  }

  static bool is_live_path(beast::string_view target) {
    const beast::string_view path = target.substr(0, target.find('?'));
    return path == "/api/v1/stream" || path == "/api/v1/ws";
  }

  // The connection becomes a stream's; this object lives on as its ticket.
  void serve_live(const HttpText& message) {
    if (message.method() != http::verb::get || is_head_) {
      HttpResponse refused = problem(405, "the live stream is asked for by GET");
      refused.headers["Allow"] = "GET";
      return write(std::move(refused));
    }
    // Unlike an answer it could be read there: a WebSocket asks nobody.
    if (is_foreign(message)) return write(problem(403, "pages of other sites are told nothing"));
    if (message.target().find('?') != beast::string_view::npos) {
      return write(problem(400, "the live stream knows no parameters"));
    }
    const bool wants_socket = message.target() == "/api/v1/ws";
    if (wants_socket && !is_web_socket(message)) {
      HttpResponse refused = problem(426, "this is for WebSockets; /api/v1/stream has events");
      refused.headers["Upgrade"] = "websocket";
      return write(std::move(refused));
    }
    // Its bytes would be lost; nobody may speak before the handshake is answered.
    if (buffer_.size() != 0) return refuse(400, "there is more than a request for the live stream");
    is_listener_ = server_.shares.begin_listening(peer_);
    const bool is_served =
        is_listener_ &&
        (wants_socket ? serve_web_socket(stream_, *server_.live, shared_from_this(), message)
                      : serve_events(stream_, *server_.live, shared_from_this()));
    if (!is_served) write(problem(503, "there are as many listeners as there may be"));
  }

  // What an answer that is waited for keeps: it may come from another thread, or never, and when
  // the server is gone. The connection goes first, for it needs the server's context.
  struct Waiting {
    std::shared_ptr<State> server;
    std::shared_ptr<Connection> self;
  };

  void refuse(int status, const std::string& why) {
    keep_alive_ = false;
    is_head_ = false;
    write(problem(status, why));
  }

  void write(HttpResponse answer) {
    server_.give_back();
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : answer.headers) response_.set(name, value);
    response_.keep_alive(keep_alive_);
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    stream_.next_layer().expires_after(kPatience);
    auto written = [self = shared_from_this()](error_code error, std::size_t) {
      self->server_.give_back();
      if (!error) self->has_written();
    };
    if (is_head_) {
      head_.emplace(response_);
      http::async_write_header(stream_, *head_, std::move(written));
    } else {
      http::async_write(stream_, response_, std::move(written));
    }
  }

  void has_written() {
    if (keep_alive_) return read();
    stream_.shut_down_writing();
    stream_.next_layer().expires_after(kLingering);
    linger(kMaxLingeringBytes);
  }

  void linger(std::size_t left) {
    buffer_.clear();
    stream_.next_layer().async_read_some(
        buffer_.prepare(4096),
        [self = shared_from_this(), left](error_code error, std::size_t count) {
          if (!error && count < left) self->linger(left - count);
        });
  }

  HttpStream stream_;
  const std::string peer_;
  State& server_;
  beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxBodyBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> head_;  // of an answer without body
  bool keep_alive_ = false, is_head_ = false, is_listener_ = false;
};

void HttpServer::State::give_back() {
  if (!give_back_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    given_back_ = 0;
  }
  if (given_back_ == kGivesBackInASecond) return;
  ++given_back_;
  give_back_();
}

void HttpServer::State::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      welcome(std::move(socket));
      accept();
      return;
    }
    // No descriptors left, say: that lasts a while.
    later.expires_after(std::chrono::milliseconds(200));
    later.async_wait([this](error_code stopped) {
      if (!stopped) accept();
    });
  });
}

// One that is too many is closed at once: who waits would wait for a silent one.
void HttpServer::State::welcome(tcp::socket socket) {
  const auto now = AddressShares::Clock::now();
  std::string peer = name_of_peer(socket);
  // Shaking hands is work as a request is.
  if (certificate && !shares.ask(peer, now)) return;
  if (!shares.open(peer, now)) return;
  std::make_shared<Connection>(std::move(socket), std::move(peer), *this)->start();
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->context.stop();
  state_->thread.join();
}

void HttpServer::renew_certificate(std::shared_ptr<const TlsCertificate> certificate) {
  asio::post(state_->context,
             [state = state_.get(), certificate = std::move(certificate)]() mutable {
               state->certificate = std::move(certificate);
             });
}

std::uint16_t HttpServer::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ListenAddress& address, Handler handler,
                                                      Settings settings) {
  const std::string token = settings.token;
  auto state = std::make_shared<State>(std::move(handler), std::move(settings));
  error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(address.host, error), address.port);
  if (!error) state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(128, error);
  if (error) return listen_error(address, error);
  if (!token.empty()) {
    const std::uint16_t port = state->acceptor.local_endpoint(error).port();
    state->guard.emplace(token, "memwatch_" + std::to_string(port), state->certificate != nullptr);
  }
  state->accept();
  state->thread = std::thread([raw = state.get()] {
    sigset_t all;  // signals are for the main thread
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    raw->context.run();
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

}  // namespace memwatch::server
