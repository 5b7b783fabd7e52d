// Consumers in the history's database: a row for each round of a process, one for each of its
// largest sites, and each site's name once. Internal to the history; one thread. Errors: sqlite.h.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <vector>

#include "collector/base/result.h"
#include "collector/history/consumer.h"

namespace memwatch::history {

extern const char* const kMakeConsumerTables;

// `process`: its row. A round of the same moment takes the place of the earlier one. Sites that
// have no name yet are added to `unnamed`.
Result<void> insert_round(sqlite3* database, std::int64_t process, const ConsumerRound& round,
                          std::vector<SiteId>* unnamed);

// Of a site that is there; of another nothing happens.
Result<void> name_site(sqlite3* database, SiteId site, const SiteName& name);

// Of those that have been named, whatever is known of them.
Result<std::map<SiteId, SiteName>> find_names(sqlite3* database, const std::vector<SiteId>& sites);

// At most kMostRoundsAsked.
Result<ConsumerHistory> find_consumers(sqlite3* database, const ConsumerQuestion& question);

// Of rounds before that time, the last of each process and span stays.
Result<void> thin_rounds(sqlite3* database, std::int64_t before_ms, std::int64_t span_ms);

// Those before that time, and the oldest beyond kMostKeptRounds.
constexpr std::int64_t kMostKeptRounds = 50'000;
Result<void> delete_rounds(sqlite3* database, std::int64_t before_ms);

// Names that no round uses any more. Reads all consumers.
Result<void> delete_unused_sites(sqlite3* database);

}  // namespace memwatch::history
