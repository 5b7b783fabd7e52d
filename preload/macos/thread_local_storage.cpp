#include <atomic>
#include <cstring>

#include "preload/backed_memory.h"
#include "preload/kernel.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

constinit pthread_key_t g_state_key = 0;
constinit ThreadLocalState g_state_before_birth{
    .passing_through = 1,
    .own_work = 1,
};

namespace {

// A table without order by thread id, so that a thread finds its own again. Nothing runs at a
// thread's end: whoever needs a place takes that of a thread which the system no longer knows.
struct alignas(64) Place {
  std::atomic<std::uint32_t> owner;  // 0: nobody's yet
  ThreadLocalState state;
};
constexpr std::uint32_t kPlaces = 1U << 15;
constexpr std::uint32_t kQuickLook = 16;
constinit Place* g_places = nullptr;

// No ring can be had at this depth, so each event is counted as lost.
constinit ThreadLocalState g_state_of_the_rest{.depth = kMaxDepth};

std::uint32_t first_place_of(std::uint32_t thread) {
  return (thread * 0x9e3779b9U) >> 17;
}
static_assert(kPlaces == 1U << (32 - 17));

bool take(Place& place, std::uint32_t thread) {
  // Relaxed, as is all here: what its last owner wrote is not read, and that one is dead.
  std::uint32_t owner = place.owner.load(std::memory_order_relaxed);
  if (owner != 0 && is_thread_alive(owner)) return false;
  if (!place.owner.compare_exchange_strong(owner, thread, std::memory_order_relaxed)) return false;
  place.state = ThreadLocalState{};
  return true;
}

Place* find_place(std::uint32_t thread) {
  const std::uint32_t first = first_place_of(thread);
  for (std::uint32_t i = 0; i < kQuickLook; ++i) {
    Place& place = g_places[(first + i) % kPlaces];
    if (place.owner.load(std::memory_order_relaxed) == thread) return &place;
  }
  for (std::uint32_t i = 0; i < kQuickLook; ++i) {
    Place& place = g_places[(first + i) % kPlaces];
    if (take(place, thread)) return &place;
  }
  return nullptr;  // of 32768 places sixteen in a row are those of living threads
}

}  // namespace

ThreadLocalState& find_thread_state() {
  const SignalsBlocked no_handler_sees_half_a_state;
  Place* const place = find_place(own_thread_id());
  ThreadLocalState& state = place != nullptr ? place->state : g_state_of_the_rest;
  pthread_setspecific(g_state_key, &state);
  return state;
}

bool make_thread_states() {
  g_places = static_cast<Place*>(map_private(sizeof(Place) * kPlaces));
  pthread_key_t key = 0;
  if (g_places == nullptr || pthread_key_create(&key, nullptr) != 0 || key == 0) return false;
  g_state_key = key;
  return true;
}

}  // namespace memwatch::preload
