// What the program asks about itself (client/memwatch/memwatch.h): a record among its events, so
// that the collector answers at exactly that point, and a bounded wait for the answer. Called by
// the program, outside of hooks, on any thread; keeps errno; allocates nothing.
#pragma once

#include "shared/segment_layout.h"

namespace memwatch::preload {

enum class QueryStatus { ok = 0, not_exact = 2, no_answer = 3 };  // as memwatch_status

QueryStatus query_counters(protocol::Counters* counters);

}  // namespace memwatch::preload
