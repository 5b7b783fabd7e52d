#include "tools/server/http_live.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <string>
#include <utility>

namespace memwatch::server {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

constexpr std::chrono::seconds kPatience{15}, kBetweenBeats{15};
constexpr std::size_t kPieceBytes = 64U << 10;
constexpr const char* kTooSlow = "too slow: messages were lost";

// What wakes a session from any thread, and does nothing once it is gone.
template <typename Session>
std::function<void()> waker_of(const std::shared_ptr<Session>& session,
                               const asio::any_io_executor& executor) {
  return [weak = std::weak_ptr<Session>(session), executor] {
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->pump();
    });
  };
}

class EventSession : public std::enable_shared_from_this<EventSession> {
 public:
  EventSession(HttpStream& stream, std::shared_ptr<void> ticket)
      : ticket_(std::move(ticket)), stream_(std::move(stream)), beat_(stream_.get_executor()) {}

  void start(std::shared_ptr<LiveReader> reader) {
    reader_ = std::move(reader);
    // Who has lost the connection may come again after two seconds.
    text_ =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 2000\n\n";
    stream_.next_layer().expires_never();  // what was set for the request holds for it alone
    listen();
    write();
  }

  [[nodiscard]] asio::any_io_executor executor() { return stream_.get_executor(); }

  void pump() {
    if (is_over_ || is_writing_ || is_last_) return;
    if (reader_->is_behind()) {
      is_last_ = true;
      text_ = "event: dropped\ndata: {\"type\": \"dropped\", \"reason\": \"" +
              std::string(kTooSlow) + "\"}\n\n";
      return write();
    }
    while (text_.size() < kPieceBytes) {
      const SharedMessage message = reader_->take();
      if (!message) break;
      text_ += "id: " + std::to_string(message->id) + "\nevent: " + message->event +
               "\ndata: " + message->data + "\n\n";
    }
    if (!text_.empty()) write();
  }

 private:
  void write() {
    is_writing_ = true;
    stream_.next_layer().expires_after(
        kPatience);  // for the whole piece; reading began before, and may last
    asio::async_write(stream_, asio::buffer(text_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->is_writing_ = false;
                        self->text_.clear();
                        if (error || self->is_last_) return self->end();
                        self->wait_for_beat();
                        self->pump();
                      });
  }

  void wait_for_beat() {
    beat_.expires_after(kBetweenBeats);
    beat_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->is_writing_ || self->is_over_) return;
      self->text_ = ":\n\n";
      self->write();
    });
  }

  // Nothing is expected; the end is.
  void listen() {
    stream_.async_read_some(asio::buffer(heard_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (error || ++self->times_heard_ > kMostHeard) return self->end();
                              self->listen();
                            });
  }

  void end() {
    if (is_over_) return;
    is_over_ = true;
    beat_.cancel();
    stream_.close();
  }

  static constexpr unsigned kMostHeard = 16;

  std::shared_ptr<void> ticket_;
  HttpStream stream_;
  asio::steady_timer beat_;
  std::shared_ptr<LiveReader> reader_;
  std::string text_;  // being written
  char heard_[256] = {};
  unsigned times_heard_ = 0;
  bool is_writing_ = false, is_last_ = false, is_over_ = false;
};

class SocketSession : public std::enable_shared_from_this<SocketSession> {
 public:
  SocketSession(HttpStream& stream, std::shared_ptr<void> ticket)
      : ticket_(std::move(ticket)), socket_(std::move(stream)), patience_(socket_.get_executor()) {}

  void start(std::shared_ptr<LiveReader> reader, const HttpText& request) {
    reader_ = std::move(reader);
    beast::get_lowest_layer(socket_).expires_never();  // it has time-outs of its own
    auto timeouts = websocket::stream_base::timeout::suggested(beast::role_type::server);
    timeouts.handshake_timeout = kPatience;     // also for the farewell
    timeouts.idle_timeout = 2 * kBetweenBeats;  // half of it without a word: a ping
    socket_.set_option(timeouts);
    socket_.read_message_max(kMostHeardBytes);
    // Runs inside of a read, which must not be left from here.
    socket_.control_callback([this](websocket::frame_type, beast::string_view) { count_heard(); });
    request_ = request;
    socket_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error) return self->end();
      self->is_open_ = true;
      self->listen();
      self->pump();
    });
  }

  [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }

  void pump() {
    if (is_over_ || !is_open_ || is_closing_) return;
    if (message_) {
      // Bytes lie with a peer that does not read. If it is behind already it gets no more time
      // than this to take them.
      if (reader_->is_behind()) lose_patience_later();
      return;
    }
    if (reader_->is_behind()) return close({websocket::close_code::try_again_later, kTooSlow});
    if (is_chatty_) return close({websocket::close_code::policy_error, "there is nothing to say"});
    message_ = reader_->take();
    if (!message_) return;
    socket_.text(true);
    socket_.async_write(asio::buffer(message_->data),
                        [self = shared_from_this()](error_code error, std::size_t) {
                          self->message_ = nullptr;
                          if (error) return self->end();
                          self->pump();
                        });
  }

 private:
  // What it says does not matter; pings and its farewell are answered on the way.
  void listen() {
    socket_.async_read(heard_, [self = shared_from_this()](error_code error, std::size_t) {
      self->heard_.consume(self->heard_.size());
      if (error) return self->end();
      self->count_heard();
      // Once it is told to go, the farewell reads what is still on its way.
      if (self->is_chatty_) return self->pump();
      self->listen();
    });
  }

  void count_heard() {
    const auto now = std::chrono::steady_clock::now();
    if (now - counted_since_ > kBetweenBeats) {
      counted_since_ = now;
      times_heard_ = 0;
    }
    if (++times_heard_ <= kMostHeard || is_chatty_) return;
    is_chatty_ = true;
    lose_patience_later();
    asio::post(executor(), [self = shared_from_this()] { self->pump(); });
  }

  void close(const websocket::close_reason& reason) {
    is_closing_ = true;
    lose_patience_later();
    socket_.async_close(reason, [self = shared_from_this()](error_code) { self->end(); });
  }

  void lose_patience_later() {
    if (std::exchange(is_impatient_, true)) return;
    patience_.expires_after(kPatience);
    patience_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->end();
    });
  }

  void end() {
    if (is_over_) return;
    is_over_ = true;
    patience_.cancel();
    socket_.next_layer().close();
  }

  static constexpr std::size_t kMostHeardBytes = 4096;
  static constexpr unsigned kMostHeard = 64;  // messages, pings and pongs in kBetweenBeats

  std::shared_ptr<void> ticket_;
  websocket::stream<HttpStream> socket_;
  asio::steady_timer patience_;
  HttpText request_;
  std::shared_ptr<LiveReader> reader_;
  SharedMessage message_;  // being written
  beast::flat_buffer heard_{kMostHeardBytes};
  std::chrono::steady_clock::time_point counted_since_{};
  unsigned times_heard_ = 0;
  bool is_open_ = false, is_chatty_ = false, is_closing_ = false, is_impatient_ = false;
  bool is_over_ = false;
};

}  // namespace

bool serve_events(HttpStream& stream, LiveStream& live, std::shared_ptr<void> ticket) {
  if (live.is_full()) return false;
  const auto session = std::make_shared<EventSession>(stream, std::move(ticket));
  session->start(live.subscribe(waker_of(session, session->executor())));
  return true;
}

bool serve_web_socket(HttpStream& stream, LiveStream& live, std::shared_ptr<void> ticket,
                      const HttpText& request) {
  if (live.is_full()) return false;
  const auto session = std::make_shared<SocketSession>(stream, std::move(ticket));
  session->start(live.subscribe(waker_of(session, session->executor())), request);
  return true;
}

bool is_web_socket(const HttpText& request) {
  return websocket::is_upgrade(request);
}

}  // namespace memwatch::server
