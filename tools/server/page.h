// The daemon's page, GET / and the files that it names: what a browser is told of them besides
// (types, what the page may do, how long to keep it). The page loads nothing from elsewhere and
// runs no script but its own file. In a build without the dashboard one plain page says how to
// build it. Any thread; pure.
//
// Sources: RFC 9110 (ETag, If-None-Match, Accept-Encoding), RFC 9111 (immutable: RFC 8246),
// Content Security Policy Level 3.
#pragma once

#include <optional>
#include <span>

#include "tools/render/page_assets.h"
#include "tools/server/http_message.h"

namespace memwatch::server {

// Empty: the path is none of the page's. `assets` are page_assets() but in tests.
std::optional<HttpResponse> page_response(
    const HttpRequest& request, std::span<const render::PageAsset> assets = render::page_assets());

}  // namespace memwatch::server
