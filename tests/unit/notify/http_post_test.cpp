// What the process that sends is told, and what an answer means.
#include "tools/notify/http_post.h"

#include <gtest/gtest.h>

namespace memwatch::notify {
namespace {

using Result = Delivery::Result;

TEST(HttpPosts, TheRequestIsReadBackAsItWasWritten) {
  daemon::HttpTarget target;
  target.url = "https://example.org/hook?key=1";
  target.headers = {{"Authorization", "Bearer a b"}, {"X-A", ""}};
  target.timeout = std::chrono::seconds(7);
  target.ca = "/etc/our ca.pem";
  HttpPost post;
  ASSERT_TRUE(decode_post(encode_post(target, "/api", "{\n\n}"), &post));
  EXPECT_EQ(post.url, "https://example.org/hook?key=1/api");
  EXPECT_EQ(post.headers, (std::vector<std::string>{"Authorization: Bearer a b", "X-A: "}));
  EXPECT_EQ(post.timeout_seconds, 7);
  EXPECT_EQ(post.ca, "/etc/our ca.pem");
  EXPECT_EQ(post.body, "{\n\n}");
  target.ca.clear();
  EXPECT_TRUE(decode_post(encode_post(target, "", ""), &post));
  EXPECT_EQ(post.ca, "");
}

TEST(HttpPosts, NonsenseIsRefused) {
  HttpPost post;
  for (const char* text : {"", "http://a", "http://a\n", "http://a\nx\n\n\n", "http://a\n0\n\n\n{}",
                           "http://a\n5\n/ca\n", "http://a\n5\n\nHeader: x\n",
                           "http://a\n99999999999999999999\n\n\n"}) {
    EXPECT_FALSE(decode_post(text, &post)) << text;
  }
}

TEST(HttpPosts, AStatusIsDoneOrTriedAgainOrGivenUp) {
  EXPECT_EQ(judge_http_status(200).result, Result::done);
  EXPECT_EQ(judge_http_status(204).result, Result::done);
  EXPECT_EQ(judge_http_status(301).result, Result::failed);
  EXPECT_EQ(judge_http_status(400).result, Result::failed);
  EXPECT_EQ(judge_http_status(401).text, "HTTP status 401");
  for (const int status : {408, 425, 429, 500, 503}) {
    EXPECT_EQ(judge_http_status(status).result, Result::retry) << status;
  }
  EXPECT_EQ(judge_http_status(0).result, Result::failed);
}

}  // namespace
}  // namespace memwatch::notify
