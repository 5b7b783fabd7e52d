// The HTTP server through a socket, encrypted and not: what it answers, and what it does with those
// who say nonsense, nothing, or too much.
#include "tools/server/http_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/server/http_client.h"
#include "tests/unit/temporary_directory.h"
#include "tools/server/address_shares.h"

namespace memwatch::server {
namespace {

const std::string kGood = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kLast = "GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

using server_testing::HttpClient;

// With the certificate of a test's own, made once.
std::shared_ptr<const TlsCertificate> certificate() {
  static const test_support::TemporaryDirectory directory;
  static const auto files = server_testing::make_certificate(directory.path(), "localhost");
  const auto loaded = TlsCertificate::load(files.certificate, files.key);
  EXPECT_TRUE(loaded) << loaded.error().to_line();
  return *loaded;
}

class Http : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    HttpServer::Settings settings;
    if (is_encrypted()) settings.certificate = certificate();
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
        },
        settings);
    ASSERT_TRUE(started) << started.error().to_line();
    server_ = *std::move(started);
  }

  [[nodiscard]] static bool is_encrypted() { return GetParam(); }
  [[nodiscard]] HttpClient connect_to(const std::string& from = "127.0.0.1") const {
    return {server_->port(), {is_encrypted(), from, 0, 0}};
  }
  [[nodiscard]] std::string ask(std::string_view bytes,
                                const std::string& from = "127.0.0.1") const {
    const HttpClient client = connect_to(from);
    client.say(bytes);
    client.say_no_more();
    return client.hear();
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

TEST_P(Http, RequestsOnOneConnectionAreAnsweredInTurn) {
  const std::string answer = ask(kGood + kGood + kLast + kGood);
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK\r\n"), 3U) << answer;
  EXPECT_EQ(count(answer, "GET /page"), 3U);
  EXPECT_EQ(count(answer, "Cache-Control: no-store\r\n"), 3U);
  EXPECT_EQ(count(answer, "X-Content-Type-Options: nosniff\r\n"), 3U);
  EXPECT_EQ(count(answer, "Access-Control"), 0U);
}

TEST_P(Http, ARequestMayComeByteForByte) {
  const HttpClient client = connect_to();
  for (const char byte : kLast) client.say(std::string_view(&byte, 1));
  EXPECT_TRUE(client.hear().ends_with("\r\n\r\nGET /page"));
}

TEST_P(Http, HeadIsGetWithoutTheBody) {
  const std::string answer = ask("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n" + kLast);
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK\r\n"), 2U);
  EXPECT_EQ(count(answer, "Content-Length: 9\r\n"), 2U);
  EXPECT_EQ(count(answer, "GET /page"), 1U) << answer;
}

TEST_P(Http, OnlyRequestsForThisMachineAreAnswered) {
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

TEST_P(Http, TooMuchIsRefusedAndTheAnswerArrives) {
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

TEST_P(Http, NonsenseIsRefusedOrHungUpOn) {
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
TEST_P(Http, DamagedRequestsHarmNobody) {
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

// An address that has all it may have keeps nobody else out.
TEST_P(Http, OneTooManyOfAnAddressIsHungUpOnAndOthersAreServed) {
  std::vector<HttpClient> silent;
  for (std::size_t i = 0; i < AddressShares::kMostOfAnAddress; ++i) silent.push_back(connect_to());
  const HttpClient one_too_many = connect_to();
  EXPECT_EQ(one_too_many.hear(), "");
  EXPECT_TRUE(ask(kLast, "127.0.0.2").starts_with("HTTP/1.1 200 "));
  while (silent.size() < AddressShares::kMostConnections) {
    silent.push_back(connect_to("127.0.0." + std::to_string(2 + silent.size() % 3)));
  }
  EXPECT_EQ(ask(kLast, "127.0.0.9"), "") << "there are as many as there may be in all";
  silent.clear();
  while (!ask(kLast).starts_with("HTTP/1.1 200 ")) std::this_thread::yield();
}

TEST_P(Http, MoreThanABurstIsToldToComeBackLaterAndOthersAreServed) {
  constexpr std::size_t kAtOnce = 50;
  const HttpClient client = connect_to();
  std::string requests, all;
  for (std::size_t i = 0; i < kAtOnce; ++i) requests += kGood;
  for (std::size_t asked = kAtOnce; asked <= AddressShares::kBurst * 10; asked += kAtOnce) {
    client.say(requests);
    std::string answers;
    while (count(answers, "HTTP/1.1 ") < kAtOnce) {
      const std::string more = client.hear(1);
      ASSERT_NE(more, "");
      answers += more;
    }
    all += answers;
    if (asked % 400 == 0) {
      EXPECT_TRUE(ask(kLast, "127.0.0.2").starts_with("HTTP/1.1 200 "));
    }
  }
  EXPECT_GT(count(all, "HTTP/1.1 200 OK"), 0U);
  // A machine that takes half a minute for these refuses nobody; none is that slow.
  EXPECT_GT(count(all, "HTTP/1.1 429 "), 0U);
  EXPECT_GT(count(all, "Retry-After: 1\r\n"), 0U);
}

TEST_P(Http, AnswersMayComeLaterFromAnotherThread) {
  const HttpClient waiting = connect_to();
  waiting.say("GET /later HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 ")) << "meanwhile others are served";
  while (true) {
    const std::lock_guard lock(mutex_);
    if (replies_.empty()) continue;
    HttpResponse response;
    response.body = "late";
    replies_.front()(response);
    break;
  }
  EXPECT_TRUE(waiting.hear().ends_with("\r\n\r\nlate"));
}

TEST_P(Http, TheEndDoesNotWaitForAnswersAndLateOnesGoNowhere) {
  const HttpClient waiting = connect_to();
  waiting.say("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (requests_ == 0) std::this_thread::yield();
  server_.reset();
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(replies_.size(), 1U);
  replies_.front()({});
  replies_.clear();
  EXPECT_EQ(waiting.hear(), "");
}

INSTANTIATE_TEST_SUITE_P(Plain, Http, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Encrypted, Http, testing::Values(true));

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
