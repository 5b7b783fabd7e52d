// Who is let in, by token or by the cookie that a browser got for it, and who is not listened to.
#include "tools/server/http_guard.h"

#include <gtest/gtest.h>

#include <string>

namespace memwatch::server {
namespace {

using Verdict = HttpGuard::Verdict;
using std::chrono::seconds;

const std::string kToken = "0123456789abcdef+/%&=";
const std::string kForm = "token=0123456789abcdef%2B%2F%25%26%3D";

class Guard : public testing::Test {
 protected:
  Verdict say(const std::string& authorization, const std::string& from = "10.0.0.1") {
    return guard_.judge(authorization, "", from, now_);
  }
  Verdict show(const std::string& cookies) { return guard_.judge("", cookies, "10.0.0.1", now_); }
  // The cookie without its attributes.
  std::string log_in() {
    std::string header;
    EXPECT_EQ(guard_.log_in(kForm, "10.0.0.1", now_, &header), Verdict::welcome);
    return header.substr(0, header.find(';'));
  }

  HttpGuard guard_{kToken, "memwatch_7"};
  HttpGuard::Clock::time_point now_ = HttpGuard::Clock::now();
};

TEST_F(Guard, TheTokenIsAskedForAndKnown) {
  EXPECT_EQ(say("Bearer " + kToken), Verdict::welcome);
  EXPECT_EQ(say("bearer   " + kToken), Verdict::welcome);
  for (const char* nothing : {"", "Basic 0123456789abcdef", "Bearertoken", "Digest", " "}) {
    EXPECT_EQ(say(nothing), Verdict::unknown) << nothing;
  }
  EXPECT_EQ(say("Bearer"), Verdict::wrong);
  EXPECT_EQ(say("Bearer "), Verdict::wrong);
  EXPECT_EQ(say("Bearer " + kToken.substr(1)), Verdict::wrong);
  EXPECT_EQ(say("Bearer " + kToken + kToken), Verdict::wrong);
  EXPECT_EQ(say("Bearer " + kToken + " "), Verdict::wrong);
}

TEST_F(Guard, SecretsAreTheSameOrNot) {
  EXPECT_TRUE(is_same_secret("abc", "abc"));
  for (const char* other : {"", "abd", "xbc", "ab", "abcd", "abcabc"}) {
    EXPECT_FALSE(is_same_secret("abc", other)) << other;
  }
}

TEST_F(Guard, ABrowserGetsACookieThatIsNotTheToken) {
  std::string header;
  ASSERT_EQ(guard_.log_in(kForm, "10.0.0.1", now_, &header), Verdict::welcome);
  EXPECT_TRUE(header.starts_with("memwatch_7=")) << header;
  EXPECT_TRUE(header.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800")) << header;
  EXPECT_EQ(header.find(kToken), std::string::npos);
  const std::string cookie = header.substr(0, header.find(';'));
  EXPECT_EQ(show(cookie), Verdict::welcome);
  EXPECT_EQ(show("a=b; " + cookie + "; c=d"), Verdict::welcome);
  EXPECT_EQ(show("memwatch_7=old; " + cookie), Verdict::welcome);
  EXPECT_NE(log_in(), cookie);
  EXPECT_EQ(show(cookie), Verdict::welcome) << "the first one is still there";
  for (const std::string& other :
       {std::string("memwatch_7="), std::string("memwatch_7=0"), "x" + cookie,
        "memwatch_8" + cookie.substr(10), cookie + "0", cookie.substr(0, cookie.size() - 1),
        "memwatch_7=" + kToken, std::string(";;;"), std::string("=")}) {
    EXPECT_EQ(show(other), Verdict::unknown) << other;
  }
  now_ += HttpGuard::kBrowserStays;
  EXPECT_EQ(show(cookie), Verdict::unknown);
}

TEST_F(Guard, BrowsersAreBoundedAndTheOldestGo) {
  const std::string first = log_in(), second = log_in();
  for (std::size_t i = 1; i < HttpGuard::kMostBrowsers; ++i) log_in();
  EXPECT_EQ(show(first), Verdict::unknown);
  EXPECT_EQ(show(second), Verdict::welcome);
}

TEST_F(Guard, FormsWithoutTheTokenAreWrong) {
  for (const char* form :
       {"", "token", "token=", "token=x", "%", "token=%zz", "a=0123456789abcdef", "&&&"}) {
    std::string header;
    EXPECT_EQ(guard_.log_in(form, form, now_, &header), Verdict::wrong) << form;
    EXPECT_EQ(header, "") << form;
  }
}

TEST_F(Guard, WhoIsWrongTooOftenIsNotListenedToForAWhile) {
  for (unsigned i = 0; i < HttpGuard::kMistakes; ++i) EXPECT_EQ(say("Bearer x"), Verdict::wrong);
  std::string header;
  EXPECT_EQ(say("Bearer x"), Verdict::too_often);
  EXPECT_EQ(say("Bearer " + kToken), Verdict::too_often) << "or it could be guessed";
  EXPECT_EQ(guard_.log_in(kForm, "10.0.0.1", now_, &header), Verdict::too_often);
  EXPECT_EQ(say(""), Verdict::unknown);
  EXPECT_EQ(say("Bearer " + kToken, "10.0.0.2"), Verdict::welcome) << "others are";
  now_ += HttpGuard::kForgivesOne;
  EXPECT_EQ(say("Bearer y"), Verdict::wrong);
  EXPECT_EQ(say("Bearer y"), Verdict::too_often);
  now_ += HttpGuard::kForgivesOne;
  EXPECT_EQ(say("Bearer " + kToken), Verdict::welcome);
  now_ += HttpGuard::kForgivesOne * HttpGuard::kMistakes;
  for (unsigned i = 0; i < HttpGuard::kMistakes; ++i) EXPECT_EQ(say("Bearer x"), Verdict::wrong);
  EXPECT_EQ(say("Bearer x"), Verdict::too_often);
}

TEST_F(Guard, ManyAddressesAreForgottenAgain) {
  for (unsigned i = 0; i <= HttpGuard::kMistakes; ++i) say("Bearer x", "first");
  EXPECT_EQ(say("Bearer x", "first"), Verdict::too_often);
  for (std::size_t i = 0; i < HttpGuard::kMostAddresses; ++i) {
    now_ += std::chrono::milliseconds(1);
    EXPECT_EQ(say("Bearer x", "address " + std::to_string(i)), Verdict::wrong);
  }
  EXPECT_EQ(say("Bearer x", "first"), Verdict::wrong);
}

TEST(GuardOfWhatIsEncrypted, ItsCookiesAreSentEncryptedAlone) {
  for (const bool is_encrypted : {false, true}) {
    HttpGuard guard(kToken, "memwatch_7", is_encrypted);
    std::string header;
    ASSERT_EQ(guard.log_in(kForm, "10.0.0.1", {}, &header), Verdict::welcome);
    EXPECT_EQ(header.find("; Secure") != std::string::npos, is_encrypted) << header;
  }
}

}  // namespace
}  // namespace memwatch::server
