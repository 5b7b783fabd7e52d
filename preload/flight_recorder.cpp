#include "preload/flight_recorder.h"

#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/processor.h"
#include "preload/segment_memory.h"

namespace memwatch::preload {

using namespace protocol;

void count_idle_allocation(ThreadRing& ring, std::size_t size) {
  unlocked_add(ring.shared->idle_allocations, 1);
  unlocked_add(ring.shared->idle_bytes, size);
}

void count_idle_free(ThreadRing& ring) {
  unlocked_add(ring.shared->idle_frees, 1);
}

namespace {

// Makes the entry its writer's alone: 0 while written. False: the writer of a lap ago is still at
// it (it was interrupted, or stands still), and the two would mix.
bool claim(FlightEntry& entry, bool is_first_lap) {
  if (is_first_lap) return true;
  std::uint64_t ticket = entry.ticket.load(std::memory_order_relaxed);
  // Acquire: what the last writer wrote is over; matched by the release store in record_flight.
  return ticket != 0 && entry.ticket.compare_exchange_strong(ticket, 0, std::memory_order_acquire,
                                                             std::memory_order_relaxed);
}

}  // namespace

void record_flight(Function function, std::uint64_t address, std::uint64_t size, int error_number,
                   std::uint32_t stack, std::uint32_t tid) {
  SegmentHeader& header = *g_process.segment;
  const std::uint64_t number = header.flight_next.fetch_add(1, std::memory_order_relaxed);
  FlightEntry* entry = in_segment<FlightEntry>(header.geometry.flight_offset) +
                       number % header.geometry.flight_entries;
  if (!back_segment(entry, sizeof *entry)) return;
  if (!claim(*entry, number < header.geometry.flight_entries)) return;
  // Release fence: a reader that sees a new field sees the ticket at 0, or the new one at the end.
  std::atomic_thread_fence(std::memory_order_release);
  entry->size = size;
  entry->at_ms = monotonic_ms();
  entry->stack = stack;
  entry->tid = tid;
  entry->function = static_cast<std::uint32_t>(function);
  entry->error_number = static_cast<std::uint32_t>(error_number);
  entry->address = address;
  // Release: the entry is complete; matched by the acquire loads in collector/intake/flight_reader.
  entry->ticket.store(number + 1, std::memory_order_release);
}

}  // namespace memwatch::preload
