// Alerts in the history's database: one row each, written when it is raised and again when
// something about it changes. Internal to the history; one thread. Errors: sqlite.h.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <vector>

#include "collector/alerts/alert.h"
#include "collector/base/result.h"
#include "collector/history/sample.h"

namespace memwatch::history {

extern const char* const kMakeAlertTable;

Result<void> save_alert(sqlite3* database, const alerts::Alert& alert, const std::string& boot);
Result<std::vector<KeptAlert>> find_alerts(sqlite3* database, const AlertQuestion& question,
                                           const std::string& boot);
// Resolved ones that were raised before.
Result<void> delete_alerts(sqlite3* database, std::int64_t before_ms);

}  // namespace memwatch::history
