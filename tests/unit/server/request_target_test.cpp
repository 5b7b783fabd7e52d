#include "tools/server/request_target.h"

#include <gtest/gtest.h>

namespace memwatch::server {
namespace {

TEST(RequestTarget, PathsAndQueriesAreTakenApart) {
  const auto target = parse_target("/api/v1/history?pid=7&name=a%20b&empty=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, (std::vector<std::string>{"api", "v1", "history"}));
  EXPECT_EQ(target->query,
            (std::map<std::string, std::string>{{"pid", "7"}, {"name", "a b"}, {"empty", ""}}));
  EXPECT_TRUE(parse_target("/")->path.empty());
  EXPECT_EQ(parse_target("/api/")->path.size(), 1U);
}

TEST(RequestTarget, WhatIsNoneOfOursIsRefused) {
  for (const char* nonsense : {"",
                               "api",
                               "*",
                               "http://localhost/api",
                               "//",
                               "/api//v1",
                               "/../etc/passwd",
                               "/api/..",
                               "/api/.",
                               "/%2e%2e/x",
                               "/a%2fb",
                               "/a%5cb",
                               "/%",
                               "/%4",
                               "/%zz",
                               "/a%00",
                               "/a%0d%0ab",
                               "/a\x01",
                               "/a#b",
                               "/a?=1",
                               "/a?x=1&x=2",
                               "/a?x=%",
                               "/a?&"}) {
    EXPECT_FALSE(parse_target(nonsense)) << nonsense;
  }
  EXPECT_FALSE(parse_target("/" + std::string(5000, 'a')));
  std::string deep, long_query = "/a?";
  for (int i = 0; i < 20; ++i) {
    deep += "/a";
    long_query += "k" + std::to_string(i) + "=1&";
  }
  EXPECT_FALSE(parse_target(deep));
  EXPECT_FALSE(parse_target(long_query));
}

}  // namespace
}  // namespace memwatch::server
