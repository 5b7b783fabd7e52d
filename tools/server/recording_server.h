// `memwatch serve`: the page and the REST interface over recorded sessions, on a loopback address.
// The same paths and JSON as the daemon's (api.h), a recorded process in the place of one that
// runs; what needs a running one is answered with 409 and why. One thread waits for signals and
// looks whether files have changed; requests come on the HTTP server's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "collector/base/result.h"
#include "tools/server/http_message.h"
#include "tools/server/recordings.h"

namespace memwatch::server {

// Why a recording cannot answer this; empty: ask the Api. Pure.
std::optional<HttpResponse> refusal_of_recordings(const HttpRequest& request);

class RecordingServer {
 public:
  struct Options {
    std::string listen;
    std::string symbol_cache;      // a directory, or ""
    std::string certificate, key;  // files, both or neither: https
  };

  // Blocks SIGINT and SIGTERM, for run(). Error of kind usage: `listen` is no loopback address, or
  // taken; the certificate is none. The recordings outlive it.
  static Result<std::unique_ptr<RecordingServer>> create(const Options& options,
                                                         Recordings& recordings);
  ~RecordingServer();
  RecordingServer(const RecordingServer&) = delete;
  RecordingServer& operator=(const RecordingServer&) = delete;

  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:7676/"
  // Why no client will accept its certificate; "": they may.
  [[nodiscard]] std::string remark() const;

  // Until SIGINT or SIGTERM.
  void run();

 private:
  struct State;
  explicit RecordingServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::server
