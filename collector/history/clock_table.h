// The clocks as they were last seen, and the gaps in the time of the wall clock (lived_time.h), in
// the history's database. Internal to the history; one thread. Errors: sqlite.h.
#pragma once

#include <sqlite3.h>

#include "collector/base/result.h"
#include "collector/history/lived_time.h"

namespace memwatch::history {

extern const char* const kMakeClockTables;

// In the place of what was kept. Inside of a transaction.
Result<void> keep_clock(sqlite3* database, const LivedTime& lived);
Result<LivedTime> kept_clock(sqlite3* database);

}  // namespace memwatch::history
