// Whether a request knows the secret: as `Authorization: Bearer TOKEN`, or as the cookie that the
// page of a browser gets for it (a number drawn for that browser, never the secret; HttpOnly,
// SameSite=Strict). Compared in constant time. Whoever is wrong too often is not listened to for a
// while, whatever is said then; that counts by address (of IPv6 its /64). Nothing of it is ever
// logged. One owner, not thread-safe; the clock is given.
//
// Sources: RFC 6750 (Bearer), RFC 6265 (cookies).
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch::server {

class HttpGuard {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned kMistakes = 10;  // at once; one more each kForgivesOne
  static constexpr std::chrono::seconds kForgivesOne{6};
  static constexpr std::size_t kMostAddresses = 1024, kMostBrowsers = 64;
  static constexpr std::chrono::hours kBrowserStays{24 * 7};

  enum class Verdict { welcome, unknown, wrong, too_often };

  // `cookie_name`: other daemons on this machine have others; browsers do not tell ports apart.
  // `is_encrypted`: cookies never leave a browser otherwise.
  HttpGuard(std::string token, std::string cookie_name, bool is_encrypted = false)
      : token_(std::move(token)),
        cookie_name_(std::move(cookie_name)),
        is_encrypted_(is_encrypted) {}

  // The headers as sent; "" where there are none.
  Verdict judge(std::string_view authorization, std::string_view cookies,
                const std::string& address, Clock::time_point now);
  // A form with `token`; welcome: `set_cookie` is the header's value.
  Verdict log_in(std::string_view form, const std::string& address, Clock::time_point now,
                 std::string* set_cookie);

 private:
  struct Mistakes {
    double left = kMistakes;
    Clock::time_point last;
  };
  struct Browser {
    std::string number;
    Clock::time_point until;
  };

  bool has_been_wrong_too_often(const std::string& address, Clock::time_point now);
  void count_mistake(const std::string& address, Clock::time_point now);
  Verdict judge_token(std::string_view given, const std::string& address, Clock::time_point now);
  bool knows_browser(std::string_view cookies, Clock::time_point now);

  std::string token_, cookie_name_;
  bool is_encrypted_;
  std::map<std::string, Mistakes> mistakes_;
  std::deque<Browser> browsers_;  // oldest first
};

// As long for every difference.
bool is_same_secret(std::string_view secret, std::string_view given);

}  // namespace memwatch::server
