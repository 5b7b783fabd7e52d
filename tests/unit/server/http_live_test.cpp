// The live stream through sockets: those who do not read, those who say what nobody asked for, and
// that neither is anybody else's trouble.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/server/http_client.h"
#include "tests/unit/temporary_directory.h"
#include "tools/server/address_shares.h"
#include "tools/server/http_server.h"

namespace memwatch::server {
namespace {

const std::string kEvents = "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kSocket =
    "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

using server_testing::HttpClient;

class HttpLive : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    HttpServer::Settings settings;
    settings.live = &stream_;
    if (GetParam()) {
      const auto files = server_testing::make_certificate(directory_.path(), "localhost");
      const auto loaded = TlsCertificate::load(files.certificate, files.key);
      ASSERT_TRUE(loaded) << loaded.error().to_line();
      settings.certificate = *loaded;
    }
    auto started = HttpServer::start(
        {"127.0.0.1", 0},
        [](const HttpRequest&, const std::function<void(HttpResponse)>& reply) {
          reply(HttpResponse{});
        },
        settings);
    ASSERT_TRUE(started) << started.error().to_line();
    server_ = *std::move(started);
  }

  // Of a client that takes little at a time.
  [[nodiscard]] HttpClient ask(const std::string& request,
                               const std::string& from = "127.0.0.1") const {
    HttpClient client(server_->port(), {GetParam(), from, 4096, 0});
    client.say(request);
    return client;
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

  test_support::TemporaryDirectory directory_;
  LiveStream stream_;
  std::unique_ptr<HttpServer> server_;
};

TEST_P(HttpLive, WhoDoesNotReadEventsIsToldThatSomeAreLostAndHungUpOn) {
  const HttpClient slow = ask(kEvents);
  welcome();
  // What is told at first is told, unless more than may wait comes before it could be.
  const std::string first = slow.hear_until("}\n\n");
  publish_much();
  const std::string heard = first + slow.hear();
  EXPECT_NE(heard.find("id: 1\nevent: process\ndata: {\"type\": \"process\", \"id\": 1, \"pid\": 1}"
                       "\n\n"),
            std::string::npos);
  EXPECT_TRUE(heard.ends_with(
      "}\n\nevent: dropped\ndata: {\"type\": \"dropped\", \"reason\": \"too slow: messages were "
      "lost\"}\n\n"))
      << heard.substr(heard.size() - std::min<std::size_t>(heard.size(), 200));
  EXPECT_LT(heard.size(), 50'000'000U);
  const HttpClient next = ask(kEvents);
  welcome();
  EXPECT_NE(next.hear_until("\"pid\": 1}\n\n").find("\"pid\": 1}\n\n"), std::string::npos);
}

TEST_P(HttpLive, WhoDoesNotReadAWebSocketIsSentACloseCode) {
  const HttpClient slow = ask(kSocket);
  welcome();
  publish_much();
  // A close frame: 1013, and the reason.
  const std::string farewell = std::string("\x88\x1e\x03\xf5") + "too slow: messages were lost";
  const std::string heard = slow.hear_until(farewell);
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 101 ")) << heard.substr(0, 100);
  EXPECT_TRUE(heard.ends_with(farewell))
      << heard.substr(heard.size() - std::min<std::size_t>(heard.size(), 100));
}

TEST_P(HttpLive, WhoSaysMuchIsHungUpOn) {
  std::string text_frame("\x81\x82\0\0\0\0hi", 8), ping_frame("\x89\x80\0\0\0\0", 6);
  for (const std::string& frame : {text_frame, ping_frame}) {
    const HttpClient chatty = ask(kSocket);
    (void)chatty.hear_until("\r\n\r\n");
    for (int i = 0; i < 200; ++i) chatty.say(frame);
    chatty.say_no_more();
    const std::string heard = chatty.hear();
    const std::string farewell = std::string("\x88\x19\x03\xf0") + "there is nothing to say";
    EXPECT_NE(heard.find(farewell), std::string::npos);
  }
  const HttpClient chatty = ask(kEvents);
  (void)chatty.hear_until("\n\n");
  for (int i = 0; i < 20; ++i) chatty.say(std::string(256, 'x'));
  (void)chatty.hear();  // returns
}

TEST_P(HttpLive, MoreThanTheRequestAndTooLongMessagesAreRefused) {
  EXPECT_TRUE(ask(kSocket + "\x81").hear().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(kEvents + kEvents).hear().starts_with("HTTP/1.1 400 "));
  const HttpClient socket = ask(kSocket);
  (void)socket.hear_until("\r\n\r\n");
  // A text of 2^40 bytes, it says.
  socket.say(std::string("\x81\xff\0\0\1\0\0\0\0\0\0\0\0\0", 14) + std::string(8000, 'x'));
  const std::string heard = socket.hear();
  EXPECT_TRUE(heard.starts_with("\x88")) << heard;
  EXPECT_EQ(heard.substr(2, 2), "\x03\xf1") << "1009: too big";
}

TEST_P(HttpLive, TheEndDoesNotWaitForReaders) {
  const HttpClient events = ask(kEvents), socket = ask(kSocket);
  welcome();
  publish_much();
  server_.reset();
  (void)events.hear();
  (void)socket.hear();
}

TEST_P(HttpLive, AnAddressThatListensOftenKeepsNobodyElseOut) {
  std::vector<HttpClient> listeners;
  for (std::size_t i = 0; i < AddressShares::kMostListenersOfAnAddress; ++i) {
    listeners.push_back(ask(i % 2 == 0 ? kEvents : kSocket));
    EXPECT_NE(listeners.back().hear_until("\r\n\r\n"), "");
  }
  EXPECT_TRUE(ask(kEvents).hear_until("\r\n").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(kSocket, "127.0.0.2").hear_until("\r\n").starts_with("HTTP/1.1 101 "));
  listeners.clear();
  while (!ask(kEvents).hear_until("\r\n").starts_with("HTTP/1.1 200 ")) std::this_thread::yield();
}

INSTANTIATE_TEST_SUITE_P(Plain, HttpLive, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Encrypted, HttpLive, testing::Values(true));

}  // namespace
}  // namespace memwatch::server
