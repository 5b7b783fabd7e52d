// Recording of events: what every hook calls once the real function has done (allocation) or is
// about to do (deallocation) its work. Any thread, any signal handler, any moment; errno is kept,
// no lock, no allocation, no unbounded wait.
//
// Interruption: a signal handler may allocate while a hook of the same thread is in here. `depth`
// tells the handler's hook so, and it records into the next ring of the thread. A ring is thus
// written by one strictly sequential writer, and no event is lost.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/process_state.h"
#include "preload/session.h"
#include "preload/thread_local_state.h"
#include "preload/walk_stack.h"
#include "shared/functions.h"

namespace memwatch::preload {

// The same in any other phase.
bool is_recording_slow(Phase phase);

// Is this call to be recorded (by ring, or by idle counters)? First event of a process or of a
// forked child: sets it up.
inline bool is_recording() {
  if (t_state.passing_through != 0) return false;
  const Phase phase = g_process.phase.load(std::memory_order_acquire);
  if (phase == Phase::ready) [[likely]] {
    return true;
  }
  return is_recording_slow(phase);
}

// After a successful call. `block` not null.
void record_allocation(Function function, const void* block, std::size_t size,
                       const CallSite& site);

// Before the real call. `block` not null.
void record_deallocation(Function function, const void* block);

// After a call that returned nothing. `error_number` is the errno (or returned error) of the call.
void record_failure(Function function, std::size_t requested, int error_number,
                    const CallSite& site);

// The same of a call that was made to fail, with ENOMEM; it was not made.
void record_injected_failure(Function function, std::size_t requested, const CallSite& site);

// A call about which it is being decided whether it fails: holds the thread's ring meanwhile.
class Judgement {
 public:
  Judgement();
  ~Judgement();
  Judgement(const Judgement&) = delete;
  Judgement& operator=(const Judgement&) = delete;

  // The innermost node of its stack; 0: there is none to be had.
  [[nodiscard]] std::uint32_t stack(const CallSite& site) const;

 private:
  std::uint32_t depth_before_;
  ThreadRing* ring_;
};

// A realloc of a live block: construct before the real call, then say how it ended. In between the
// thread's ring is held (room for the record is already made), so a handler that interrupts records
// into the next one.
class Reallocation {
 public:
  explicit Reallocation(const void* old_block);
  ~Reallocation();
  Reallocation(const Reallocation&) = delete;
  Reallocation& operator=(const Reallocation&) = delete;

  void succeeded(Function function, const void* block, std::size_t size, const CallSite& site);
  void failed(Function function, std::size_t requested, int error_number, const CallSite& site);
  void freed(Function function);  // realloc(p, 0) where the real function freed the block

 private:
  void put_reallocation(Function function, const void* block, std::size_t size,
                        const CallSite& site);
  void put_failure_alone(Function function, std::size_t requested, int error_number,
                         const CallSite& site);
  [[nodiscard]] std::uint64_t moved_away() const;

  ThreadRing* ring_;
  std::uintptr_t old_block_;
  std::uint32_t old_sequence_ = 0;
  std::uint32_t depth_before_;
  protocol::Control mode_ = protocol::Control::idle;  // when it began
  bool was_sampled_ = false;                          // the old block
  bool recorded_ = false;  // there is room for the record that tells of the old block
};

// Pages that come, after the real call.
void record_map(Function function, const void* address, std::size_t length, const CallSite& site);
void record_break(Function function, const void* old_break, const void* new_break,
                  const CallSite& site);

// Pages that go: construct before the real call, since another thread may be given them the moment
// it is done; then say how it ended.
class PageRelease {
 public:
  PageRelease();
  ~PageRelease();
  PageRelease(const PageRelease&) = delete;
  PageRelease& operator=(const PageRelease&) = delete;

  void unmapped(const void* address, std::size_t length, bool failed, const CallSite& site);
  void remapped(const void* old_address, std::size_t old_length, const void* address,
                std::size_t length, bool failed, const CallSite& site);

 private:
  ThreadRing* ring_;
  std::uint32_t sequence_ = 0;
  std::uint32_t depth_before_;
  bool recorded_ = false;
};

// Process events.
void record_fork(std::uint64_t token);
void record_child(std::uint32_t pid, int status);

// The program asks for its counters. False: there was no room for the record.
bool record_query(std::uint32_t number);

}  // namespace memwatch::preload
