#include "preload/query.h"

#include <errno.h>

#include <atomic>

#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/question.h"
#include "preload/record.h"
#include "preload/sandbox.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

QueryStatus ask(SegmentHeader& header, Counters* counters) {
  const std::uint32_t number = header.query_number.load(std::memory_order_relaxed) + 1;
  header.query_number.store(number, std::memory_order_relaxed);
  if (!record_query(number)) return QueryStatus::no_answer;
  if (!await_answer(header, header.query_answered, number)) return QueryStatus::no_answer;
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
  if (take_turn(header.query_owner, own_thread_id())) {
    status = ask(header, counters);
    header.query_owner.store(0, std::memory_order_release);
  }
  errno = errno_before;
  return status;
}

}  // namespace memwatch::preload
