// The few words each thread has of its own: zero at birth, no constructor, no destructor, valid
// until the thread's last moment.
#pragma once

#include <cstdint>

#include "shared/segment_layout.h"

namespace memwatch::preload {

struct ThreadRing;

inline constexpr unsigned kMaxDepth = 4;  // hooks that interrupt each other on one thread

struct ThreadLocalState {
  std::uint32_t passing_through;    // > 0: the real allocator or the shim itself is at work
  std::uint32_t own_work;           // > 0: it is the shim itself, in libraries it uses
  std::uint32_t in_foreign_delete;  // > 0: it is somebody's operator delete, recorded already
  std::uint32_t depth;              // > 0: an event is being recorded
  std::uint32_t owner_pid;          // the process the rings were claimed in
  std::uint32_t forks_counted;      // forks under way whose child is counted as unrecorded already
  std::uint32_t new_is_lost;  // 1: operator new was made to fail, what it tries next fails unjudged
  ThreadRing* rings[kMaxDepth];       // one per depth, claimed when first needed
  std::uint32_t events_before_claim;  // > 0: no ring was to be had, do not try again yet
  protocol::ThreadSlot*
      idle_counters;  // where idle mode counts; of the first ring, null before it is claimed
  // Of the sampler (sampler.h).
  std::uint32_t halvings;         // the thread samples 2^halvings times less often than asked
  std::uint64_t bytes_to_sample;  // an allocation of as many or more has to look closer
  std::uint64_t rest_of_gap;      // bytes of the gap beyond those
  std::uint64_t drawn_with;       // the mean the gap was drawn with
  std::uint64_t random;           // 0: not seeded yet
};

}  // namespace memwatch::preload

// t_state: the calling thread's own.
#if defined(__APPLE__)
#include "preload/macos/thread_local_storage.h"
#else
#include "preload/thread_local_storage_linux.h"
#endif

namespace memwatch::preload {

// Calls made in this scope go straight to the real functions, unrecorded: they are the allocator's
// or the shim's own.
class PassThrough {
 public:
  PassThrough() { t_state.passing_through = t_state.passing_through + 1; }
  ~PassThrough() { t_state.passing_through = t_state.passing_through - 1; }
  PassThrough(const PassThrough&) = delete;
  PassThrough& operator=(const PassThrough&) = delete;
};

// The same for work of the shim's own in other libraries (the loader, libunwind): there also calls
// of the page functions are passed through, wherever they come from.
class OwnWork {
 public:
  OwnWork() { t_state.own_work = t_state.own_work + 1; }
  ~OwnWork() { t_state.own_work = t_state.own_work - 1; }
  OwnWork(const OwnWork&) = delete;
  OwnWork& operator=(const OwnWork&) = delete;

 private:
  PassThrough pass_through_;
};

// The same for an operator delete that is not the standard library's.
class ForeignDelete {
 public:
  ForeignDelete() { t_state.in_foreign_delete = t_state.in_foreign_delete + 1; }
  ~ForeignDelete() { t_state.in_foreign_delete = t_state.in_foreign_delete - 1; }
  ForeignDelete(const ForeignDelete&) = delete;
  ForeignDelete& operator=(const ForeignDelete&) = delete;

 private:
  PassThrough pass_through_;
};

inline bool is_passing_through() {
  return t_state.passing_through != 0;
}

}  // namespace memwatch::preload
