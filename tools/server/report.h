// A process that is recorded as a report, in the formats of `memwatch report`, as an answer over
// HTTP. Symbolises: never on the daemon's own thread. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collector/analysis/cost.h"
#include "collector/base/result.h"
#include "collector/model/session.h"
#include "tools/server/http_message.h"

namespace memwatch::server {

bool is_report_format(std::string_view format);

// Of a session with one process. Error of kind usage: the format cannot show it.
Result<HttpResponse> make_report(model::Session& session, std::string_view format,
                                 const std::string& symbol_cache);

// A pprof profile, gzipped; `cost`: what is shown unless asked otherwise, by default what is live.
// The stacks must have their symbols.
Result<std::string> gzipped_pprof(const model::Session& session, const std::string& symbol_cache,
                                  std::optional<analysis::Cost> cost = std::nullopt);

}  // namespace memwatch::server
