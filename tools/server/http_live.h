// A connection over which the live stream goes out, as server-sent events or as a WebSocket: taken
// over from the HTTP server, on its thread. Who falls behind its queue is told so (event `dropped`,
// close code 1013) and hung up on, as is who does not take a piece for kPatience; who says much,
// with nothing to say, is hung up on too (close code 1008). Every kBetweenBeats there is a comment
// or a ping, so that a peer that is gone without a word is found out. Internal to the HTTP server.
//
// Sources: the HTML standard, "Server-sent events"; RFC 6455 (Beast's).
#pragma once

#include <boost/beast/http.hpp>
#include <memory>

#include "tools/server/http_stream.h"
#include "tools/server/live_stream.h"

namespace memwatch::server {

using HttpText = boost::beast::http::request<boost::beast::http::string_body>;

// `ticket` lives as long as the connection does. False: there are too many readers already; the
// stream is as it was.
bool serve_events(HttpStream& stream, LiveStream& live, std::shared_ptr<void> ticket);
bool serve_web_socket(HttpStream& stream, LiveStream& live, std::shared_ptr<void> ticket,
                      const HttpText& request);

bool is_web_socket(const HttpText& request);

}  // namespace memwatch::server
