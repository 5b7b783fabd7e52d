#include "tools/server/http_guard.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "tools/server/request_target.h"

namespace memwatch::server {

namespace {

// "" if the kernel has none.
std::string random_number() {
  std::array<std::uint8_t, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

bool equals_in_any_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

bool is_same_secret(std::string_view secret, std::string_view given) {
  // The length alone may show. Volatile: or the compiler would leave the loop at the first one.
  volatile unsigned difference = secret.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const char other = given.empty() ? '\0' : given[i % given.size()];
    difference =
        difference | (static_cast<unsigned char>(secret[i]) ^ static_cast<unsigned char>(other));
  }
  return difference == 0;
}

HttpGuard::Verdict HttpGuard::judge(std::string_view authorization, std::string_view cookies,
                                    const std::string& address, Clock::time_point now) {
  if (knows_browser(cookies, now)) return Verdict::welcome;
  if (authorization.empty()) return Verdict::unknown;
  const std::size_t blank = authorization.find(' ');
  if (!equals_in_any_case(authorization.substr(0, blank), "bearer")) return Verdict::unknown;
  std::string_view given = authorization;
  given.remove_prefix(std::min(given.size(), given.find_first_not_of(' ', blank)));
  return judge_token(given, address, now);
}

HttpGuard::Verdict HttpGuard::log_in(std::string_view form, const std::string& address,
                                     Clock::time_point now, std::string* set_cookie) {
  const auto target = parse_target("/?" + std::string(form));
  std::string given;
  if (target && target->query.contains("token")) given = target->query.at("token");
  const Verdict verdict = judge_token(given, address, now);
  if (verdict != Verdict::welcome) return verdict;
  std::string number = random_number();
  if (number.empty()) return Verdict::unknown;
  *set_cookie = cookie_name_ + "=" + number + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                std::to_string(std::chrono::seconds(kBrowserStays).count()) +
                (is_encrypted_ ? "; Secure" : "");
  browsers_.push_back({std::move(number), now + kBrowserStays});
  if (browsers_.size() > kMostBrowsers) browsers_.pop_front();
  return verdict;
}

HttpGuard::Verdict HttpGuard::judge_token(std::string_view given, const std::string& address,
                                          Clock::time_point now) {
  if (has_been_wrong_too_often(address, now)) return Verdict::too_often;
  if (is_same_secret(token_, given)) return Verdict::welcome;
  count_mistake(address, now);
  return Verdict::wrong;
}

// All numbers are compared with, whichever fits: how long it takes tells nothing. They cannot be
// guessed, so wrong ones are not counted: a browser may come with one of the daemon before.
bool HttpGuard::knows_browser(std::string_view cookies, Clock::time_point now) {
  std::erase_if(browsers_, [now](const Browser& browser) { return browser.until <= now; });
  bool is_known = false;
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view cookie = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    cookie.remove_prefix(std::min(cookie.size(), cookie.find_first_not_of(' ')));
    if (!cookie.starts_with(cookie_name_ + "=")) continue;
    cookie.remove_prefix(cookie_name_.size() + 1);
    for (const Browser& browser : browsers_) {
      is_known = is_same_secret(browser.number, cookie) || is_known;
    }
  }
  return is_known;
}

bool HttpGuard::has_been_wrong_too_often(const std::string& address, Clock::time_point now) {
  const auto known = mistakes_.find(address);
  if (known == mistakes_.end()) return false;
  Mistakes& of = known->second;
  const std::chrono::duration<double> since = now - of.last;
  of.left = std::min<double>(kMistakes, of.left + since / kForgivesOne);
  of.last = now;
  if (of.left < kMistakes) return of.left < 1;
  mistakes_.erase(known);
  return false;
}

void HttpGuard::count_mistake(const std::string& address, Clock::time_point now) {
  if (mistakes_.size() >= kMostAddresses && !mistakes_.contains(address)) {
    // The one that was wrong longest ago.
    mistakes_.erase(std::min_element(
        mistakes_.begin(), mistakes_.end(),
        [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
  Mistakes& of = mistakes_.try_emplace(address, Mistakes{kMistakes, now}).first->second;
  of.left -= 1;
}

}  // namespace memwatch::server
