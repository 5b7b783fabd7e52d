// Whether clients still accept the certificate that a daemon serves with: one that ends while the
// daemon runs must be told beforehand, since whoever watches the watchers comes by https too. Pure:
// times are given. One thread.
#pragma once

#include <cstdint>
#include <string>

namespace memwatch::server {

// Seconds since 1970, and the same for people.
struct CertificateTimes {
  std::string path;
  std::int64_t from = 0, until = 0;
  std::string from_text, until_text;
};

class CertificateWatch {
 public:
  // Its end is near from here on: two weeks, of short-lived ones (which are renewed in hours) the
  // last tenth.
  static constexpr std::int64_t kNear = std::int64_t{14} * 24 * 3600;
  static constexpr std::int64_t kNearShare = 10;

  // The one that is served from now on.
  void watch(CertificateTimes times);
  [[nodiscard]] const CertificateTimes& times() const { return times_; }
  [[nodiscard]] bool is_watching() const { return times_.until != 0; }

  // What is the matter with it: it is over, ends soon, or has not begun. "": nothing, or there is
  // none.
  [[nodiscard]] std::string trouble(std::int64_t now) const;
  // The same, told once when it becomes so, else "".
  std::string news(std::int64_t now);

 private:
  enum class Stage : std::uint8_t { good, early, near, over };
  [[nodiscard]] Stage stage(std::int64_t now) const;

  CertificateTimes times_;
  Stage told_ = Stage::good;
};

}  // namespace memwatch::server
