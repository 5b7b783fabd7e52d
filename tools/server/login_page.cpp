#include "tools/server/login_page.h"

#include <string>

namespace memwatch::server {

HttpResponse login_page(int status, std::string_view why) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>memwatch</title>"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<meta name=\"color-scheme\" content=\"light dark\"></head>\n<body><h1>memwatch</h1>\n";
  if (!why.empty()) response.body += "<p role=\"alert\">" + std::string(why) + "</p>\n";
  response.body +=
      "<form method=\"post\" action=\"/login\"><p><label>Token of this daemon "
      "<input type=\"password\" name=\"token\" autocomplete=\"current-password\" required "
      "autofocus>"
      "</label> <button>Log in</button></p></form>\n"
      "<p>Whoever started it knows it: memwatch.toml names it or its file under [http].</p>"
      "</body></html>\n";
  response.headers["Content-Security-Policy"] =
      "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
  response.headers["Referrer-Policy"] = "same-origin";
  return response;
}

}  // namespace memwatch::server
