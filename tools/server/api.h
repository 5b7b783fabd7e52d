// The daemon's REST interface, version 1: finds who answers a path. Knows no sockets.
// docs/openapi.json describes it for programs; docs/watching.md for people.
//
// handle() may be called from any thread; the reply comes once, from any thread, perhaps before
// handle() returns. Errors are answers: application/problem+json.
#pragma once

#include "tools/server/api_route.h"

namespace memwatch::server {

class Api {
 public:
  using Reply = ApiReply;
  using Sources = ApiSources;

  explicit Api(Sources sources) : sources_(std::move(sources)) {}

  void handle(const HttpRequest& request, Reply reply) const;

 private:
  Sources sources_;
};

}  // namespace memwatch::server
