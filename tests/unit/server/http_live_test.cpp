// The live stream through sockets: those who do not read, those who say what nobody asked for, and
// that neither is anybody else's trouble.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "collector/base/unique_fd.h"
#include "tools/server/http_server.h"

namespace memwatch::server {
namespace {

const std::string kEvents = "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kSocket =
    "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

class HttpLive : public testing::Test {
 protected:
  void SetUp() override {
    auto started = HttpServer::start(
        {"127.0.0.1", 0},
        [](const HttpRequest&, const std::function<void(HttpResponse)>& reply) {
          reply(HttpResponse{});
        },
        &stream_);
    ASSERT_TRUE(started) << started.error().to_line();
    server_ = *std::move(started);
  }

  // Of a client that takes little at a time.
  [[nodiscard]] UniqueFd ask(const std::string& request) const {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{60, 0};  // nothing waits for it when all is well
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int little = 4096;
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    say(socket, request);
    return socket;
  }
  static void say(const UniqueFd& socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // hung up on
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Until the other side hangs up, or `last` has been said.
  static std::string hear(const UniqueFd& socket, const std::string& last = "") {
    std::string all;
    std::size_t searched = 0;
    while (last.empty() || all.find(last, searched) == std::string::npos) {
      searched = all.size() - std::min(all.size(), last.size());
      char buffer[65536];
      const ssize_t got = recv(socket.get(), buffer, sizeof buffer, 0);
      EXPECT_FALSE(got < 0 && errno == EAGAIN) << "neither told anything nor hung up on";
      if (got <= 0) break;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  // As the daemon does, once somebody is there.
  void welcome() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!stream_.has_new_readers()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    stream_.welcome({{"process", "{\"pid\": 1}"}});
  }
  // More than waits for one reader and lies in the sockets' buffers.
  void publish_much() {
    const LiveNews news{"sample", "{\"text\": \"" + std::string(60'000, 'x') + "\"}"};
    for (int i = 0; i < 1000; ++i) stream_.publish(news);
  }

  LiveStream stream_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpLive, WhoDoesNotReadEventsIsToldThatSomeAreLostAndHungUpOn) {
  const UniqueFd slow = ask(kEvents);
  welcome();
  publish_much();
  const std::string heard = hear(slow);
  EXPECT_NE(heard.find("id: 1\nevent: process\ndata: {\"type\": \"process\", \"id\": 1, \"pid\": 1}"
                       "\n\n"),
            std::string::npos);
  EXPECT_TRUE(heard.ends_with(
      "}\n\nevent: dropped\ndata: {\"type\": \"dropped\", \"reason\": \"too slow: messages were "
      "lost\"}\n\n"))
      << heard.substr(heard.size() - std::min<std::size_t>(heard.size(), 200));
  EXPECT_LT(heard.size(), 50'000'000U);
  const UniqueFd next = ask(kEvents);
  welcome();
  EXPECT_NE(hear(next, "\"pid\": 1}\n\n").find("\"pid\": 1}\n\n"), std::string::npos);
}

TEST_F(HttpLive, WhoDoesNotReadAWebSocketIsSentACloseCode) {
  const UniqueFd slow = ask(kSocket);
  welcome();
  publish_much();
  // A close frame: 1013, and the reason.
  const std::string farewell = std::string("\x88\x1e\x03\xf5") + "too slow: messages were lost";
  const std::string heard = hear(slow, farewell);
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 101 ")) << heard.substr(0, 100);
  EXPECT_TRUE(heard.ends_with(farewell))
      << heard.substr(heard.size() - std::min<std::size_t>(heard.size(), 100));
}

TEST_F(HttpLive, WhoSaysMuchIsHungUpOn) {
  std::string text_frame("\x81\x82\0\0\0\0hi", 8), ping_frame("\x89\x80\0\0\0\0", 6);
  for (const std::string& frame : {text_frame, ping_frame}) {
    const UniqueFd chatty = ask(kSocket);
    hear(chatty, "\r\n\r\n");
    for (int i = 0; i < 200; ++i) say(chatty, frame);
    shutdown(chatty.get(), SHUT_WR);
    const std::string heard = hear(chatty);
    const std::string farewell = std::string("\x88\x19\x03\xf0") + "there is nothing to say";
    EXPECT_NE(heard.find(farewell), std::string::npos);
  }
  const UniqueFd chatty = ask(kEvents);
  hear(chatty, "\n\n");
  for (int i = 0; i < 20; ++i) say(chatty, std::string(256, 'x'));
  hear(chatty);  // returns
}

TEST_F(HttpLive, MoreThanTheRequestAndTooLongMessagesAreRefused) {
  EXPECT_TRUE(hear(ask(kSocket + "\x81")).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(hear(ask(kEvents + kEvents)).starts_with("HTTP/1.1 400 "));
  const UniqueFd socket = ask(kSocket);
  hear(socket, "\r\n\r\n");
  // A text of 2^40 bytes, it says.
  say(socket, std::string("\x81\xff\0\0\1\0\0\0\0\0\0\0\0\0", 14) + std::string(8000, 'x'));
  const std::string heard = hear(socket);
  EXPECT_TRUE(heard.starts_with("\x88")) << heard;
  EXPECT_EQ(heard.substr(2, 2), "\x03\xf1") << "1009: too big";
}

TEST_F(HttpLive, TheEndDoesNotWaitForReaders) {
  const UniqueFd events = ask(kEvents), socket = ask(kSocket);
  welcome();
  publish_much();
  server_.reset();
  hear(events);
  hear(socket);
}

}  // namespace
}  // namespace memwatch::server
