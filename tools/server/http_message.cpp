#include "tools/server/http_message.h"

#include "tools/render/json_writer.h"
#include "tools/render/output.h"

namespace memwatch::server {

namespace {

const char* title(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

HttpResponse problem(int status, const std::string& detail) {
  render::StringOutput output;
  render::JsonWriter json(output);
  json.begin_object();
  json.member("type", "about:blank");
  json.member("title", title(status));
  json.key("status").signed_number(status);
  json.member("detail", detail);
  json.end_object();
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = output.text() + "\n";
  return response;
}

}  // namespace memwatch::server
