#include "tools/server/certificate_watch.h"

#include <gtest/gtest.h>

namespace memwatch::server {
namespace {

constexpr std::int64_t kDay = std::int64_t{24} * 3600;

CertificateTimes lasting(std::int64_t from, std::int64_t days) {
  return {"/etc/cert.pem", from, from + days * kDay, "the beginning", "the end"};
}

TEST(CertificateWatch, TheEndIsToldTwoWeeksBeforeAndWhenItComesOnceEach) {
  CertificateWatch watch;
  watch.watch(lasting(1000, 365));
  const std::int64_t end = 1000 + 365 * kDay;
  EXPECT_EQ(watch.news(1000), "");
  EXPECT_EQ(watch.news(end - 14 * kDay - 1), "");
  EXPECT_EQ(watch.news(end - 14 * kDay),
            "/etc/cert.pem: expires the end, in 14 days; SIGHUP reads a renewed one");
  EXPECT_EQ(watch.news(end - 14 * kDay + 1), "");
  EXPECT_NE(watch.trouble(end - 1), "") << "what is told once is still so";
  EXPECT_EQ(watch.news(end),
            "/etc/cert.pem: expired the end, clients refuse it; SIGHUP reads a renewed one");
  EXPECT_EQ(watch.news(end + kDay), "");
  EXPECT_NE(watch.trouble(end + kDay), "");
}

TEST(CertificateWatch, OneThatLastsADayIsNotAlwaysNearItsEnd) {
  CertificateWatch watch;
  watch.watch(lasting(0, 1));
  EXPECT_EQ(watch.news(kDay / 10 * 9 - 1), "");
  EXPECT_NE(watch.news(kDay / 10 * 9), "");
}

TEST(CertificateWatch, OneOfTheFutureIsTold) {
  CertificateWatch watch;
  watch.watch(lasting(1000, 1));
  EXPECT_EQ(watch.news(999), "/etc/cert.pem: is not valid before the beginning");
  EXPECT_EQ(watch.news(1000), "");
  EXPECT_EQ(watch.trouble(1000), "");
}

TEST(CertificateWatch, ARenewedOneIsWatchedAnew) {
  CertificateWatch watch;
  EXPECT_EQ(watch.news(0), "");
  EXPECT_FALSE(watch.is_watching());
  watch.watch(lasting(0, 1));
  EXPECT_NE(watch.news(kDay), "");
  watch.watch(lasting(kDay, 1));
  EXPECT_EQ(watch.trouble(kDay), "");
  EXPECT_EQ(watch.news(kDay), "");
  EXPECT_NE(watch.news(2 * kDay), "");
}

}  // namespace
}  // namespace memwatch::server
