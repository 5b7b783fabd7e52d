// An alert's numbers as sentences: what has happened, and what to do about it. The message is one
// sentence with the process and the site in it, fit for a line of a log or a text message.
// Thread safety: pure functions. Errors: none. Names come from foreign programs: what is returned
// is printable.
#pragma once

#include <string>
#include <vector>

#include "collector/alerts/alert.h"

namespace memwatch::render {

std::string alert_message(const alerts::Alert& alert);

// Most useful first, without a full stop; the first names the site where it is known.
std::vector<std::string> alert_recommendations(const alerts::Alert& alert);

// "load_table (table.cpp:33)", "" where it is not known.
std::string alert_site(const alerts::Site& site);

// "raised", "escalated", "resolved" are the caller's; this is "alert 12, critical: message" or, of
// one that is resolved, "alert 12 is over: message (why)".
std::string alert_line(const alerts::Alert& alert);

}  // namespace memwatch::render
