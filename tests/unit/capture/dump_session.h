// Every member of a session as text, one row a line: comparing two dumps compares everything, and
// a failed comparison shows where. Written without the tables of collector/capture on purpose.
#pragma once

#include <string>

#include "collector/model/session.h"

namespace memwatch::capture_testing {

std::string dump(const model::Session& session);

}  // namespace memwatch::capture_testing
