// A request and its answer, as far as the daemon's pages care. Plain data.
#pragma once

#include <map>
#include <string>

namespace memwatch::server {

struct HttpRequest {
  std::string method;                              // "GET"
  std::string target;                              // as sent: "/api/v1/history?pid=7"
  std::string accept_encoding{}, if_none_match{};  // headers as sent; "" where there are none
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
};

// RFC 9457: {"type": "about:blank", "title", "status", "detail"}.
HttpResponse problem(int status, const std::string& detail);

}  // namespace memwatch::server
