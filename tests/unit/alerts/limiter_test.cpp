// How often somebody is told, and the count of what was held back.
#include "collector/alerts/limiter.h"

#include <gtest/gtest.h>

namespace memwatch::alerts {
namespace {

const ProcessKey kServer{7, 1, "server"}, kWorker{8, 2, "worker"};

TEST(AlertLimiter, ACoolDownIsOfOneSubjectOfOneProcess) {
  Limiter limiter;
  EXPECT_FALSE(limiter.why_not(kServer, "rss", 600, 0));
  limiter.raised(kServer, "rss", 0);
  EXPECT_EQ(limiter.why_not(kServer, "rss", 600, 599), Held::cooldown);
  EXPECT_FALSE(limiter.why_not(kServer, "rss", 600, 600));
  EXPECT_FALSE(limiter.why_not(kServer, "heap", 600, 1));
  EXPECT_FALSE(limiter.why_not(kWorker, "rss", 600, 1));
  EXPECT_FALSE(limiter.why_not(kServer, "rss", 0, 1));
}

TEST(AlertLimiter, TheHourSlides) {
  Limiter limiter;
  limiter.set_per_hour(2);
  limiter.raised(kServer, "a", 0);
  limiter.raised(kServer, "b", 1800);
  EXPECT_EQ(limiter.why_not(kServer, "c", 600, 3599), Held::hourly);
  EXPECT_FALSE(limiter.why_not(kServer, "c", 600, 3600));
  EXPECT_EQ(limiter.in_last_hour(3600), 1U);
  // Those of before this start may come in any order.
  limiter.raised(kServer, "d", 10);
  EXPECT_EQ(limiter.in_last_hour(3605), 2U);
  EXPECT_EQ(limiter.in_last_hour(3610), 1U);
}

TEST(AlertLimiter, NothingHeldBackIsForgotten) {
  Limiter limiter;
  limiter.held_back(Type::large, kServer, Held::cooldown, 3, 1000);
  limiter.held_back(Type::large, kServer, Held::cooldown, 1, 2000);
  limiter.held_back(Type::failure, kWorker, Held::hourly, 1, 3000);
  const auto rows = limiter.suppressed();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].process, kWorker);
  EXPECT_EQ(rows[1].count, 4U);
  EXPECT_EQ(rows[1].last_ms, 2000);
  for (int i = 0; i < 1000; ++i) {
    limiter.held_back(Type::large, {i + 100, 1, "p"}, Held::cooldown, 1, 4000 + i);
  }
  EXPECT_EQ(limiter.suppressed().size(), Limiter::kMaxRows);
  EXPECT_EQ(limiter.suppressed_in_all(), 1005U);
}

}  // namespace
}  // namespace memwatch::alerts
