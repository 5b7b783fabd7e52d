#include "preload/query.h"

#include <errno.h>

#include <atomic>

#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/record.h"
#include "preload/sandbox.h"
#include "preload/segment_source.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

constexpr long kTurnNs = 2'000'000;
constexpr unsigned kTurnMs = 2, kLongestWaitMs = 10'000, kSilenceMs = 1000;

// Another thread's question is answered first. False: it takes too long.
bool take_turn(SegmentHeader& header, std::uint32_t tid) {
  for (unsigned waited_ms = 0; waited_ms < kLongestWaitMs; waited_ms += kTurnMs) {
    std::uint32_t nobody = 0;
    // Acquire: the answer before has been read; matched by the release in query_counters.
    if (header.query_owner.compare_exchange_strong(nobody, tid, std::memory_order_acquire)) {
      return true;
    }
    wait_while(header.query_owner, nobody, kTurnNs);
  }
  return false;
}

// Counted in turns, as exit_check does: clock and collector may stand still.
bool await_answer(SegmentHeader& header, std::uint32_t number) {
  std::uint64_t last_beat = header.heartbeat_ms.load(std::memory_order_relaxed);
  unsigned silent_ms = 0;
  for (unsigned waited_ms = 0; waited_ms < kLongestWaitMs; waited_ms += kTurnMs) {
    const std::uint32_t answered = header.query_answered.load(std::memory_order_acquire);
    if (answered == number) return true;
    wait_while(header.query_answered, answered, kTurnNs);
    const std::uint64_t beat = header.heartbeat_ms.load(std::memory_order_relaxed);
    silent_ms = beat != last_beat ? 0 : silent_ms + kTurnMs;
    last_beat = beat;
    if (silent_ms >= kSilenceMs) return false;
  }
  return false;
}

QueryStatus ask(SegmentHeader& header, Counters* counters) {
  const std::uint32_t number = header.query_number.load(std::memory_order_relaxed) + 1;
  header.query_number.store(number, std::memory_order_relaxed);
  if (!record_query(number)) return QueryStatus::no_answer;
  char path[kMaxRendezvousPath];
  for (std::size_t i = 0; i < sizeof path; ++i) path[i] = header.rendezvous[i];
  path[sizeof path - 1] = '\0';
  if (path[0] != '\0') wake_collector(path);
  if (!await_answer(header, number)) return QueryStatus::no_answer;
  *counters = header.query_counters;
  return QueryStatus::ok;
}

}  // namespace

QueryStatus query_counters(Counters* counters) {
  if (!is_recording() || is_sandboxed()) return QueryStatus::not_exact;
  SegmentHeader& header = *g_process.segment;
  if (header.control.load(std::memory_order_relaxed) !=
          static_cast<std::uint32_t>(Control::exact) ||
      own_pid() != g_process.pid) {  // a vfork child's events are its parent's
    return QueryStatus::not_exact;
  }
  const int errno_before = errno;
  QueryStatus status = QueryStatus::no_answer;
  if (take_turn(header, own_thread_id())) {
    status = ask(header, counters);
    header.query_owner.store(0, std::memory_order_release);
  }
  errno = errno_before;
  return status;
}

}  // namespace memwatch::preload
