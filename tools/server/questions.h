// What the daemon answers to each command that comes over the control socket. The daemon lays out
// the text itself, so that a command is nothing but a question.
//
//   status json | status text WIDTH COLOUR(0|1)     watch list | watch add NAME | watch remove NAME
//   sites PID TOP, which daemon.cpp answers: consumers.h as JSON, from the workbench's thread
//
// Called from the daemon's thread. Anything else is answered with status 2 and a line.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collector/daemon/fleet.h"
#include "tools/server/control_protocol.h"

namespace memwatch::server {

ControlAnswer answer_question(const std::vector<std::string>& words, daemon::Fleet& fleet,
                              const std::function<daemon::Status()>& status);

}  // namespace memwatch::server
