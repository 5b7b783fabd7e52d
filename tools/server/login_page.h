// The page that asks a browser for the token: a form without a script. Pure.
#pragma once

#include <string_view>

#include "tools/server/http_message.h"

namespace memwatch::server {

constexpr std::string_view kLoginPath = "/login";

// `why`: a sentence of ours about the last try; "" at first.
HttpResponse login_page(int status, std::string_view why);

}  // namespace memwatch::server
