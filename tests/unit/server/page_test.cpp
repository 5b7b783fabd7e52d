// The daemon's page without sockets: which paths are its, what browsers are told, and what there is
// in a build without it.
#include "tools/server/page.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>
#include <vector>

namespace memwatch::server {
namespace {

using render::PageAsset;

std::string gzip(const std::string& text) {
  z_stream stream{};
  constexpr int kGzip = 16, kMemory = 8;
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + kGzip, kMemory, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string source = text, packed(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(source.data());
  stream.avail_in = static_cast<uInt>(source.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class Page : public testing::Test {
 protected:
  std::optional<HttpResponse> get(const std::string& target, const std::string& encoding = "",
                                  const std::string& match = "",
                                  const std::string& method = "GET") {
    return page_response({method, target, encoding, match}, assets_);
  }

  std::string shell_ = "<html>" + std::string(40'000, 'x'), script_ = "run();";
  std::string packed_shell_ = gzip(shell_), packed_script_ = gzip(script_);
  // In two pieces, as large ones are.
  std::array<std::string_view, 2> shell_pieces_ = {std::string_view(packed_shell_).substr(0, 7),
                                                   std::string_view(packed_shell_).substr(7)};
  std::array<std::string_view, 1> script_pieces_ = {packed_script_};
  std::vector<PageAsset> assets_ = {
      {"", "text/html", "aa", shell_pieces_},
      {"page-bb.js", "text/javascript", "bb", script_pieces_},
  };
};

TEST_F(Page, TheShellIsAskedForEachTimeItsFilesAreKept) {
  const auto shell = get("/"), script = get("/page-bb.js");
  ASSERT_TRUE(shell && script);
  EXPECT_EQ(shell->body, shell_);
  EXPECT_EQ(script->body, script_);
  EXPECT_EQ(shell->content_type, "text/html");
  EXPECT_EQ(shell->headers.at("Cache-Control"), "no-cache");
  EXPECT_NE(script->headers.at("Cache-Control").find("immutable"), std::string::npos);
  EXPECT_EQ(script->headers.at("ETag"), "\"bb\"");
  EXPECT_EQ(get("/?theme=dark")->body, shell_);
}

TEST_F(Page, TheScriptOfOthersIsForbidden) {
  const std::string policy = get("/")->headers.at("Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
}

TEST_F(Page, WhoTakesGzipGetsIt) {
  for (const char* const accepts : {"gzip", "br, gzip;q=0.5", "deflate ,gzip ; q=1.0"}) {
    const auto packed = get("/", accepts);
    EXPECT_EQ(packed->body, packed_shell_) << accepts;
    EXPECT_EQ(packed->headers.at("Content-Encoding"), "gzip");
  }
  for (const char* const refuses : {"", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", ",,;"}) {
    const auto plain = get("/", refuses);
    EXPECT_EQ(plain->body, shell_) << refuses;
    EXPECT_EQ(plain->headers.count("Content-Encoding"), 0U);
  }
}

TEST_F(Page, WhatIsThereAlreadyIsNotSent) {
  for (const char* const match : {"\"aa\"", "\"x\", \"aa\"", "*", "W/\"x\",\"aa\"", "W/\"aa\""}) {
    const auto answer = get("/", "gzip", match);
    EXPECT_EQ(answer->status, 304) << match;
    EXPECT_EQ(answer->body, "");
    EXPECT_EQ(answer->headers.at("ETag"), "\"aa\"");
  }
  for (const char* const match : {"\"bb\"", "aa", "\"aa", ""}) {
    EXPECT_EQ(get("/", "gzip", match)->status, 200) << match;
  }
}

TEST_F(Page, OtherPathsAreOthers) {
  for (const char* const path :
       {"/api/v1/status", "/page-bb.js/", "/page.js", "//", "", "x", "*"}) {
    EXPECT_FALSE(get(path)) << path;
  }
}

TEST_F(Page, ItCanBeReadOnly) {
  const auto refused = get("/", "", "", "POST");
  EXPECT_EQ(refused->status, 405);
  EXPECT_EQ(refused->headers.at("Allow"), "GET");
}

TEST(WithoutPage, SaysHowToBuildIt) {
  const auto answer = page_response({"GET", "/", "gzip", ""}, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->content_type.starts_with("text/html"));
  EXPECT_NE(answer->body.find("-DMEMWATCH_DASHBOARD=ON"), std::string::npos);
  EXPECT_FALSE(page_response({"GET", "/page-bb.js", "", ""}, {}));
}

}  // namespace
}  // namespace memwatch::server
