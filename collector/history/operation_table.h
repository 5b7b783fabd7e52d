// Operations in the history's database: one row each, never changed. Internal to the history; one
// thread. Errors: sqlite.h.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <vector>

#include "collector/base/result.h"
#include "collector/history/operation.h"

namespace memwatch::history {

extern const char* const kMakeOperationTable;

// The highest number so far.
Result<std::int64_t> last_operation(sqlite3* database);

// `process`: its row. Of remembered ones those that were there already (up to the number
// `known_until`) are passed over.
Result<void> insert_operation(sqlite3* database, std::int64_t process, const Operation& operation,
                              std::int64_t known_until);

// As Question says, oldest first. Rows that make no sense are left out.
Result<std::vector<Operation>> find_operations(sqlite3* database, const Question& question);

// Those before that time, and the oldest beyond kMostOperations.
constexpr std::int64_t kMostOperations = 100'000;
Result<void> delete_operations(sqlite3* database, std::int64_t before_ms);

}  // namespace memwatch::history
