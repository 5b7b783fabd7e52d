// Certificates, good and bad, and those who do not speak TLS as they should.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include "tests/unit/server/http_client.h"
#include "tests/unit/temporary_directory.h"
#include "tools/server/http_server.h"
#include "tools/server/tls_certificate.h"

namespace memwatch::server {
namespace {

using server_testing::CertificateFiles;
using server_testing::HttpClient;
using server_testing::make_certificate;

const std::string kLast = "GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Tls : public testing::Test {
 protected:
  [[nodiscard]] CertificateFiles made(const std::string& name, int days = 2) const {
    return make_certificate(directory_.path(), name, days);
  }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                  mode_t mode = 0600) const {
    const std::string path = directory_.path(name);
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    return path;
  }
  static std::string why_not(const std::string& certificate, const std::string& key) {
    const auto loaded = TlsCertificate::load(certificate, key);
    if (loaded) return "loaded";
    EXPECT_EQ(loaded.error().kind, ErrorKind::usage);
    return loaded.error().to_line();
  }
  void serve(const CertificateFiles& files) {
    HttpServer::Settings settings;
    settings.live = &stream_;
    auto loaded = TlsCertificate::load(files.certificate, files.key);
    ASSERT_TRUE(loaded) << loaded.error().to_line();
    settings.certificate = *loaded;
    settings.give_back = [this] { ++given_back_; };
    auto started = HttpServer::start(
        {"127.0.0.1", 0},
        [](const HttpRequest& request, const std::function<void(HttpResponse)>& reply) {
          HttpResponse response;
          response.body = request.target == "/large" ? std::string(3'000'000, 'x') : request.target;
          reply(response);
        },
        settings);
    ASSERT_TRUE(started) << started.error().to_line();
    server_ = *std::move(started);
  }
  [[nodiscard]] HttpClient client(bool is_encrypted = true, int most_version = 0) const {
    return {server_->port(), {is_encrypted, "127.0.0.1", 0, most_version}};
  }
  [[nodiscard]] std::string ask(const std::string& request) const {
    const HttpClient asking = client();
    asking.say(request);
    return asking.hear();
  }

  test_support::TemporaryDirectory directory_;
  LiveStream stream_;
  std::atomic<int> given_back_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Tls, WhatDoesNotFitIsTold) {
  const CertificateFiles good = made("good"), other = made("other");
  EXPECT_EQ(why_not(good.certificate, good.key), "loaded");
  EXPECT_NE(why_not(good.certificate, other.key)
                .find(other.key + ": is not the key of " + good.certificate),
            std::string::npos);
  const std::string nowhere = directory_.path("nowhere");
  EXPECT_NE(why_not(nowhere, good.key).find(nowhere + ": No such file"), std::string::npos);
  EXPECT_NE(why_not(good.certificate, nowhere).find(nowhere + ": No such file"), std::string::npos);
  EXPECT_NE(why_not(directory_.path(), good.key).find("is no file"), std::string::npos);
  EXPECT_NE(why_not(good.key, good.key).find("has no certificate in PEM"), std::string::npos);
  EXPECT_NE(why_not(good.certificate, write("public", content(good.certificate)))
                .find("has no key in PEM"),
            std::string::npos);
  EXPECT_NE(why_not(write("empty", ""), good.key).find("has no certificate in PEM"),
            std::string::npos);
  std::string damaged = content(good.certificate);
  damaged.replace(damaged.size() / 2, 8, "AAAAAAAA");
  damaged.replace(40, 8, "????????");
  EXPECT_NE(why_not(write("damaged", damaged), good.key).find("a certificate in it makes no sense"),
            std::string::npos);
  EXPECT_NE(why_not(write("second", content(good.certificate) + damaged), good.key)
                .find("a certificate in it makes no sense"),
            std::string::npos);
  for (const mode_t mode : {0644U, 0604U, 0620U, 0602U}) {
    const std::string readable = write("readable.key", content(good.key), mode);
    EXPECT_NE(why_not(good.certificate, readable).find("others on this machine may read or change"),
              std::string::npos)
        << mode;
  }
  EXPECT_EQ(why_not(good.certificate, write("group.key", content(good.key), 0640)), "loaded");
  // Certificates up to the issuer's, and a key in the same file.
  const std::string all = content(good.certificate) + content(other.certificate);
  EXPECT_EQ(why_not(write("chain", all), good.key), "loaded");
  const std::string both = write("both", content(good.key) + content(good.certificate));
  EXPECT_EQ(why_not(both, both), "loaded");
}

TEST_F(Tls, AnEncryptedKeyIsNotWaitedForAPassword) {
  const CertificateFiles good = made("good");
  const std::string sealed = directory_.path("sealed.key");
  const std::string command = "openssl pkcs8 -topk8 -in '" + good.key + "' -out '" + sealed +
                              "' -passout pass:secret && chmod 600 '" + sealed + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT: names of the test's own
  EXPECT_NE(why_not(good.certificate, sealed).find("is encrypted"), std::string::npos);
}

TEST_F(Tls, OneOutOfItsTimeIsTold) {
  const CertificateFiles good = made("good");
  const auto loaded = TlsCertificate::load(good.certificate, good.key);
  ASSERT_TRUE(loaded) << loaded.error().to_line();
  EXPECT_EQ((*loaded)->out_of_time(), "");
  const CertificateFiles expired = made("expired", -1);
  const auto outdated = TlsCertificate::load(expired.certificate, expired.key);
  ASSERT_TRUE(outdated) << outdated.error().to_line();
  const std::string over = (*outdated)->out_of_time();
  EXPECT_TRUE(over.starts_with(expired.certificate + ": expired ")) << over;
  EXPECT_TRUE(over.ends_with(" GMT")) << over;
}

TEST_F(Tls, BothVersionsAreSpokenAndNoneThatIsOlder) {
  serve(made("localhost"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const HttpClient speaking = client(true, version);
    ASSERT_TRUE(speaking.is_connected()) << version;
    speaking.say(kLast);
    EXPECT_TRUE(speaking.hear().ends_with("\r\n\r\n/page")) << version;
  }
  EXPECT_FALSE(client(true, TLS1_1_VERSION).is_connected());
}

TEST_F(Tls, MemoryIsGivenBackAroundEachStepOfARequestButNotOfVeryMany) {
  serve(made("localhost"));
  // Before and after the handshake, before the work, before and after the answer: that is the last
  // thing that is done, and the answer has arrived by then.
  for (int requests = 1; requests <= 3; ++requests) {
    EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 "));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (given_back_ < 5 * requests && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(given_back_, 5 * requests);
  }
  const int before = given_back_;
  const auto start = std::chrono::steady_clock::now();
  for (int requests = 0; requests < 50; ++requests) EXPECT_NE(ask(kLast), "");
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LE(given_back_ - before, 20 * (seconds + 1));
}

TEST_F(Tls, MuchArrivesWhole) {
  serve(made("localhost"));
  const std::string answer =
      ask("GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::size_t end = answer.find("\r\n\r\n");
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(answer.size() - end - 4, 3'000'000U);
}

TEST_F(Tls, WhoDoesNotEncryptIsToldToOrHungUpOn) {
  serve(made("localhost"));
  const HttpClient plain = client(false);
  plain.say(kLast);
  const std::string answer = plain.hear();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_NE(answer.find("https://"), std::string::npos);
  EXPECT_EQ(answer.find("/page"), std::string::npos);
  for (const std::string& nonsense :
       {std::string("\0\0\0\0", 4), std::string("\x16\x03\x01\xff\xff", 5), std::string("hello"),
        std::string("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10", 11), std::string()}) {
    const HttpClient odd = client(false);
    odd.say(nonsense);
    odd.say_no_more();
    const std::string heard = odd.hear();  // returns
    EXPECT_TRUE(heard.empty() || heard.front() == '\x15') << "an alert at most";
  }
  EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 "));
}

// Whatever a handshake becomes on the way, the server lives, and answers the next.
TEST_F(Tls, DamagedHandshakesHarmNobody) {
  serve(made("localhost"));
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL* const session = SSL_new(context);
  SSL_set_bio(session, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_connect(session);
  std::string hello(BIO_ctrl_pending(SSL_get_wbio(session)), '\0');
  ASSERT_EQ(BIO_read(SSL_get_wbio(session), hello.data(), static_cast<int>(hello.size())),
            static_cast<int>(hello.size()));
  SSL_free(session);
  SSL_CTX_free(context);
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {  // fewer than an address may ask for in a burst
    std::string damaged = hello;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      damaged[1 + random() % (damaged.size() - 1)] = static_cast<char>(random());
    }
    if (i % 4 == 0) damaged.resize(random() % damaged.size());
    const HttpClient odd = client(false);
    odd.say(damaged);
    odd.say_no_more();
    (void)odd.hear();  // returns
  }
  EXPECT_TRUE(ask(kLast).starts_with("HTTP/1.1 200 "));
}

TEST_F(Tls, ARenewedCertificateIsForThoseWhoComeNext) {
  serve(made("before"));
  const CertificateFiles files = made("after");
  const auto after = TlsCertificate::load(files.certificate, files.key);
  ASSERT_TRUE(after) << after.error().to_line();
  const HttpClient early = client();
  EXPECT_EQ(early.subject(), "before");
  server_->renew_certificate(*after);
  while (client().subject() != "after") continue;
  early.say(kLast);
  EXPECT_TRUE(early.hear().ends_with("\r\n\r\n/page")) << "who is there stays";
}

}  // namespace
}  // namespace memwatch::server
