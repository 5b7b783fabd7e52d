// The daemon's answer to "status json" (tools/render/status_json.cpp writes it) read back: what a
// list of processes shows, and no more. Thread safety: pure function. Errors: damaged, where it is
// none of this; members that are missing are as by default, numbers that make no sense 0.
#pragma once

#include <string_view>

#include "collector/base/result.h"
#include "collector/daemon/status.h"

namespace memwatch::top {

Result<daemon::Status> read_status(std::string_view json);

}  // namespace memwatch::top
