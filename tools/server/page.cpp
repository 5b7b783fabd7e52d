#include "tools/server/page.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

namespace memwatch::server {

namespace {

using render::PageAsset;

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view kWithoutPage =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>memwatch</title>"
    "</head>\n<body><h1>memwatch</h1>\n<p>This daemon was built without its page "
    "(-DMEMWATCH_DASHBOARD=OFF). To have it, install node and npm "
    "(<code>scripts/install-dependencies</code> does) and build again:</p>\n"
    "<pre>cmake --preset release -DMEMWATCH_DASHBOARD=ON\ncmake --build --preset release</pre>\n"
    "<p>Everything else is here: <a href=\"/api/v1/status\">/api/v1/status</a>, "
    "<code>memwatch status</code>.</p></body></html>\n";

// Does a comma-separated list, as of Accept-Encoding or If-None-Match, have this among it?
// A weight of nothing (";q=0", ";q=0.0") takes it back; others are all the same here.
bool lists(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const std::size_t begin = item.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    item.remove_prefix(begin);
    const std::string_view name = item.substr(0, item.find_first_of(" \t;"));
    if (name != wanted) continue;
    const std::size_t weight = item.find("q=");
    return weight == std::string_view::npos ||
           item.find_first_of("123456789", weight) != std::string_view::npos;
  }
  return false;
}

std::string joined(const PageAsset& asset) {
  std::string bytes;
  for (const std::string_view piece : asset.pieces) bytes += piece;
  return bytes;
}

// For those who cannot gunzip. Our own bytes, so that what does not inflate is a bug of the build.
std::string inflated(const std::string& gzipped) {
  z_stream stream{};
  constexpr int kGzip = 16;
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) return {};
  std::string source = gzipped, text;
  stream.next_in = reinterpret_cast<Bytef*>(source.data());
  stream.avail_in = static_cast<uInt>(source.size());
  std::array<char, 16384> chunk{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = chunk.size();
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(chunk.data(), chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END ? text : std::string{};
}

HttpResponse without_page() {
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = kWithoutPage;
  response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'";
  return response;
}

HttpResponse asset_response(const HttpRequest& request, const PageAsset& asset) {
  HttpResponse response;
  response.content_type = asset.content_type;
  const std::string tag = '"' + std::string(asset.tag) + '"';
  response.headers["ETag"] = tag;
  response.headers["Vary"] = "Accept-Encoding";
  // The page is asked for anew each time, the files under their hashed names never change.
  response.headers["Cache-Control"] =
      asset.path.empty() ? "no-cache" : "public, max-age=31536000, immutable";
  response.headers["Content-Security-Policy"] = kPolicy;
  response.headers["Referrer-Policy"] = "no-referrer";
  // Compared weakly, as RFC 9110 wants it here.
  if (request.if_none_match == "*" || lists(request.if_none_match, tag) ||
      lists(request.if_none_match, "W/" + tag)) {
    response.status = 304;
    return response;
  }
  response.body = joined(asset);
  if (lists(request.accept_encoding, "gzip")) {
    response.headers["Content-Encoding"] = "gzip";
  } else {
    response.body = inflated(response.body);
  }
  return response;
}

}  // namespace

std::optional<HttpResponse> page_response(const HttpRequest& request,
                                          std::span<const PageAsset> assets) {
  std::string_view path = request.target;
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [path](const PageAsset& asset) { return asset.path == path; });
  if (found == assets.end() && !path.empty()) return std::nullopt;
  if (request.method != "GET") {
    HttpResponse refused = problem(405, "this page can be read only");
    refused.headers["Allow"] = "GET";
    return refused;
  }
  return found == assets.end() ? without_page() : asset_response(request, *found);
}

}  // namespace memwatch::server
