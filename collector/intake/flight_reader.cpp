#include "collector/intake/flight_reader.h"

#include <time.h>

#include <algorithm>
#include <vector>

namespace memwatch::intake {

using namespace protocol;

namespace {

// Copies an entry; false when it is empty or was overwritten meanwhile.
bool copy_entry(const FlightEntry& entry, FlightEvent* noted) {
  // Acquire: matched by the release store in preload/flight_recorder.
  noted->ticket = entry.ticket.load(std::memory_order_acquire);
  noted->size = entry.size;
  noted->at_ms = entry.at_ms;
  noted->address = entry.address;
  noted->stack = entry.stack;
  noted->tid = entry.tid;
  noted->function = entry.function;
  noted->error_number = entry.error_number;
  std::atomic_thread_fence(std::memory_order_acquire);
  return noted->ticket != 0 && entry.ticket.load(std::memory_order_relaxed) == noted->ticket &&
         noted->function < kFunctionCount;
}

}  // namespace

std::vector<FlightEvent> whole_events(const Segment& segment) {
  const Geometry& geometry = segment.geometry();
  const std::uint64_t next = segment.header().flight_next.load(std::memory_order_relaxed);
  const auto count = std::min<std::uint64_t>(next, geometry.flight_entries);
  std::vector<FlightEvent> events;
  for (std::uint64_t i = 0; i < count; ++i) {
    FlightEvent noted;
    if (copy_entry(segment.at<FlightEntry>(geometry.flight_offset)[i], &noted)) {
      events.push_back(noted);
    }
  }
  std::sort(events.begin(), events.end(),
            [](const FlightEvent& a, const FlightEvent& b) { return a.ticket < b.ticket; });
  return events;
}

std::uint64_t replay_flight(const Segment& segment, TrackedProcess& process, FlightLook look) {
  const std::uint64_t next = segment.header().flight_next.load(std::memory_order_relaxed);
  if (next <= look.after) return look.after;
  for (const FlightEvent& noted : whole_events(segment)) {
    if (noted.ticket <= look.after) continue;
    // A number that is missing is being written, unless it was overwritten long since.
    const bool is_gap =
        noted.ticket != look.after + 1 && next - look.after <= segment.geometry().flight_entries;
    if (is_gap && !look.is_last) break;
    look.after = noted.ticket;
    process.apply_flight(static_cast<Function>(noted.function), noted.size, noted.address,
                         static_cast<int>(noted.error_number), noted.tid, noted.stack,
                         static_cast<double>(noted.at_ms) / 1e3 - look.start);
  }
  return look.after;
}

}  // namespace memwatch::intake
