// The HTTP server through a socket: what it answers, and what it does with those who say nonsense,
// nothing, or too much.
#include "tools/server/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "collector/base/unique_fd.h"

namespace memwatch::server {
namespace {

const std::string kGood = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kLast = "GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

class Http : public testing::Test {
 protected:
  void SetUp() override {
    auto started = HttpServer::start(
        {"127.0.0.1", 0},
        [this](const HttpRequest& request, std::function<void(HttpResponse)> reply) {
          ++requests_;
          if (request.target == "/later") {
            const std::lock_guard lock(mutex_);
            replies_.push_back(std::move(reply));
            return;
          }
          HttpResponse response;
          response.body = request.method + " " + request.target;
          reply(response);
        });
    ASSERT_TRUE(started) << started.error().to_line();
    server_ = *std::move(started);
  }

  [[nodiscard]] UniqueFd connect_to() const {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{60, 0};  // nothing waits for it when all is well
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
  }
  static void say(const UniqueFd& socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // hung up on
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Until the other side hangs up, or `enough` bytes.
  static std::string hear(const UniqueFd& socket, std::size_t enough = std::string::npos) {
    std::string all;
    while (all.size() < enough) {
      char buffer[4096];
      const ssize_t got = recv(socket.get(), buffer, sizeof buffer, 0);
      EXPECT_FALSE(got < 0 && errno == EAGAIN) << "neither an answer nor hung up on";
      if (got <= 0) break;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  [[nodiscard]] std::string ask(std::string_view bytes) const {
    const UniqueFd socket = connect_to();
    say(socket, bytes);
    shutdown(socket.get(), SHUT_WR);
    return hear(socket);
  }
  static std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  }

  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  std::vector<std::function<void(HttpResponse)>> replies_;  // guarded by mutex_
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Http, RequestsOnOneConnectionAreAnsweredInTurn) {
  const std::string answer = ask(kGood + kGood + kLast + kGood);
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK\r\n"), 3U) << answer;
  EXPECT_EQ(count(answer, "GET /page"), 3U);
  EXPECT_EQ(count(answer, "Cache-Control: no-store\r\n"), 3U);
  EXPECT_EQ(count(answer, "X-Content-Type-Options: nosniff\r\n"), 3U);
  EXPECT_EQ(count(answer, "Access-Control"), 0U);
}

TEST_F(Http, ARequestMayComeByteForByte) {
  const UniqueFd socket = connect_to();
  for (const char byte : kLast) say(socket, std::string_view(&byte, 1));
  EXPECT_TRUE(hear(socket).ends_with("\r\n\r\nGET /page"));
}

TEST_F(Http, HeadIsGetWithoutTheBody) {
  const std::string answer = ask("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n" + kLast);
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK\r\n"), 2U);
  EXPECT_EQ(count(answer, "Content-Length: 9\r\n"), 2U);
  EXPECT_EQ(count(answer, "GET /page"), 1U) << answer;
}

TEST_F(Http, OnlyRequestsForThisMachineAreAnswered) {
  for (const char* host : {"localhost", "localhost:1", "127.0.0.1:7676", "[::1]", "[::1]:7676"}) {
    const std::string answer = ask("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << host;
  }
  const int before = requests_;
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80",
        "evil.example:localhost", "[::1].evil.example", "localhost@evil.example", "[::1", "::1",
        "127.0.0.1 evil.example"}) {
    const std::string answer = ask("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << host << ": " << answer;
  }
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(requests_, before);
}

TEST_F(Http, TooMuchIsRefusedAndTheAnswerArrives) {
  const std::string long_target =
      "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string long_header =
      "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n";
  std::string many_headers = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 3000; ++i) many_headers += "A" + std::to_string(i) + ": b\r\n";
  for (const std::string& request : {long_target, long_header, many_headers + "\r\n"}) {
    EXPECT_TRUE(ask(request).starts_with("HTTP/1.1 431 ")) << request.substr(0, 20);
  }
  const std::string announced =
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000000\r\n\r\n";
  const std::string sent = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" +
                           std::string(100'000, 'x');
  std::string in_pieces =
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) in_pieces += "400\r\n" + std::string(1024, 'x') + "\r\n";
  for (const std::string& request : {announced, sent, in_pieces + "0\r\n\r\n"}) {
    EXPECT_TRUE(ask(request).starts_with("HTTP/1.1 413 ")) << request.substr(0, 70);
  }
  EXPECT_EQ(requests_, 0);
}

TEST_F(Http, NonsenseIsRefusedOrHungUpOn) {
  for (const std::string& nonsense :
       {std::string("\0\0\0\0\r\n\r\n", 8), std::string("GET\r\n\r\n"), std::string("\r\n\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        std::string("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: localhost\r\n X: folded\r\nA\x01: b\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01", 6), std::string("G"), std::string()}) {
    const std::string answer = ask(nonsense);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4")) << answer;
  }
  EXPECT_EQ(requests_, 0);
  EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 "));
}

// Whatever comes, the server lives, and answers the next.
TEST_F(Http, DamagedRequestsHarmNobody) {
  std::mt19937 random(7);
  const std::string whole =
      "POST /api/v1/history?pid=7&count=1 HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
      "Content-Length: 5\r\nConnection: close\r\n\r\nhello";
  for (int i = 0; i < 120; ++i) {  // fewer than requests in a burst
    std::string damaged = whole;
    for (auto changes = 1 + random() % 5; changes > 0; --changes) {
      const std::size_t at = random() % damaged.size();
      switch (random() % 3) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:
          damaged.erase(at, random() % 9);
          break;
        default:
          damaged.insert(at, whole.substr(random() % whole.size(), random() % 30));
          break;
      }
    }
    const std::string answer = ask(damaged);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 ")) << answer;
  }
  EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, OneTooManyIsHungUpOnAndOthersAreServedAgainAfterwards) {
  std::vector<UniqueFd> silent;
  for (std::size_t i = 0; i < HttpServer::kMaxConnections; ++i) silent.push_back(connect_to());
  const UniqueFd one_too_many = connect_to();
  EXPECT_EQ(hear(one_too_many), "");
  silent.clear();
  while (!ask(kLast).starts_with("HTTP/1.1 200 ")) std::this_thread::yield();
}

TEST_F(Http, MoreThanABurstIsToldToComeBackLater) {
  std::string all;
  const UniqueFd socket = connect_to();
  std::thread speaker([&] {
    for (unsigned i = 0; i < HttpServer::kBurst * 20; ++i) say(socket, kGood);
    say(socket, kLast);
  });
  all = hear(socket);
  speaker.join();
  EXPECT_GT(count(all, "HTTP/1.1 200 OK"), 0U);
  // A machine that takes half a minute for these refuses nobody; none is that slow.
  EXPECT_GT(count(all, "HTTP/1.1 429 "), 0U);
  EXPECT_GT(count(all, "Retry-After: 1\r\n"), 0U);
}

TEST_F(Http, AnswersMayComeLaterFromAnotherThread) {
  const UniqueFd waiting = connect_to();
  say(waiting, "GET /later HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 ")) << "meanwhile others are served";
  while (true) {
    const std::lock_guard lock(mutex_);
    if (replies_.empty()) continue;
    HttpResponse response;
    response.body = "late";
    replies_.front()(response);
    break;
  }
  EXPECT_TRUE(hear(waiting).ends_with("\r\n\r\nlate"));
}

TEST_F(Http, TheEndDoesNotWaitForAnswersAndLateOnesGoNowhere) {
  const UniqueFd waiting = connect_to();
  say(waiting, "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (requests_ == 0) std::this_thread::yield();
  server_.reset();
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(replies_.size(), 1U);
  replies_.front()({});
  replies_.clear();
  EXPECT_EQ(hear(waiting), "");
}

TEST(ListenAddress, OnlyThisMachinesOwn) {
  const auto address = parse_listen_address("[::1]:80");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 80);
  EXPECT_EQ(parse_listen_address("localhost:7676")->host, "127.0.0.1");
  for (const char* wrong :
       {"", ":", "7676", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:1x", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1",
        "[127.0.0.1:1", "[]:1", "::1:"}) {
    EXPECT_FALSE(parse_listen_address(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace memwatch::server
