// Who uses the heap of a process, as the REST interface and the control socket answer it
// ("memwatch.consumers/1"). Looks names up, so on the workbench's thread. Errors: none.
#pragma once

#include <cstddef>
#include <string>

#include "collector/model/session.h"

namespace memwatch::server {

// Of the first process. `by`: "site" or "module". At most `top`, 0 all.
std::string consumers_json(model::Session& session, const std::string& by, std::size_t top,
                           const std::string& symbol_cache);

}  // namespace memwatch::server
