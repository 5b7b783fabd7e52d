// What a recording knows of a process, as it is told of one: the part of its status that is the
// same while it runs and in a file. Pure; any thread.
#pragma once

#include "collector/daemon/status.h"
#include "collector/model/session.h"

namespace memwatch::daemon {

// Without name, state and times, which whoever watches or has read it knows.
ProcessStatus status_of(const model::Process& facts);

}  // namespace memwatch::daemon
