// What a program may call by itself: the other side of client/memwatch/memwatch.h.
#include <cstddef>

#include "client/memwatch/memwatch.h"
#include "preload/entry_points.h"
#include "preload/query.h"

namespace mw = memwatch::preload;

static_assert(sizeof(memwatch_counters) == sizeof(memwatch::protocol::Counters));
static_assert(offsetof(memwatch_counters, thread_allocated_bytes) ==
              offsetof(memwatch::protocol::Counters, thread_allocated_bytes));

// `size`: of the caller's struct; one of another version has fewer fields, or more.
MEMWATCH_EXPORT int memwatch_query(memwatch_counters* counters, size_t size) noexcept {
  memwatch::protocol::Counters found{};
  const mw::QueryStatus status = mw::query_counters(&found);
  if (status != mw::QueryStatus::ok) return static_cast<int>(status);
  const auto* from = reinterpret_cast<const unsigned char*>(&found);
  auto* to = reinterpret_cast<unsigned char*>(counters);
  for (size_t i = 0; i < size; ++i) to[i] = i < sizeof found ? from[i] : 0;
  return 0;
}
