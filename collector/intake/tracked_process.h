// Drains the rings of one traced process into its LiveProcess, in an order in which every block is
// allocated before it is freed: records of one ring in their order, events on one address across
// rings by the sequence numbers of their shard (PROTOCOL.md, "Order"). A ring whose next record has
// to wait for another ring's is simply left for the next round.
//
// Every byte is hostile: a record that makes no sense is counted and skipped, positions are
// clamped. One owner, not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/intake/look_ahead.h"
#include "collector/intake/segment.h"
#include "collector/intake/stack_importer.h"
#include "collector/intake/unrecorded_children.h"
#include "collector/model/live_process.h"

namespace memwatch::intake {

class TrackedProcess {
 public:
  // A fresh segment starts at the beginning; when attaching to a running process, what its rings
  // hold from earlier collectors is passed over (`attaching`).
  TrackedProcess(Segment segment, model::StackTable& table, std::string exe,
                 std::uint64_t large_threshold, bool attaching);
  TrackedProcess(const TrackedProcess&) = delete;
  TrackedProcess& operator=(const TrackedProcess&) = delete;

  // Called for each fork record with its token, and each child's end (pid, wait status).
  std::function<void(std::uint64_t)> on_fork;
  std::function<void(std::uint32_t, int)> on_child;

  // Is a stack one of those in which calls are to fail? The target waits for the answer.
  std::function<bool(model::StackId)> on_stack_question;

  // Applies what the rings hold now. Returns the number of records.
  std::uint64_t drain();

  // The process is dead or detached, nobody writes any more: drains to the last complete record,
  // stepping over numbers that were taken by threads that died before they could tell.
  void drain_to_end();

  // An event from before the recording (flight ring): a failure, or with error 0 a large allocation
  // whose block is not followed. `at` is negative: seconds before the start.
  void apply_flight(Function function, std::uint64_t size, std::uint64_t address, int error_number,
                    std::uint32_t tid, std::uint32_t stack, double at);

  // A target that waited in vain for us (we were stopped) has gone idle: makes it record again, in
  // the mode that is wanted, watched or not. The events in between are counted as lost. True when
  // that was the case.
  bool resume_if_given_up(protocol::Control wanted);

  // Of a process in idle mode: its counters as totals. Brings them up to date.
  void count_idle();

  // Of a process that is sampled or idle: from now on every allocation and free of its heap is
  // told besides, and goes into a LiveProcess of its own, whose threads have the same rows. The
  // sample or the counters go on as ever.
  void begin_watch();
  // The target goes back to its mode; what was watched stays until it is forgotten.
  void stop_watching();
  void forget_watch();
  [[nodiscard]] bool is_watching() const { return is_watching_; }
  // With its losses up to date; nullptr: none.
  [[nodiscard]] model::LiveProcess* watch();

  // Refreshes facts.losses from the segment's counters.
  void collect_losses();

  // The children that have counted themselves as unrecorded since the recording began, and those
  // that had before.
  [[nodiscard]] UnrecordedChildren unrecorded_children() const {
    return intake::unrecorded_children(segment_.header(), children_before_);
  }
  [[nodiscard]] const UnrecordedChildren& children_before() const { return children_before_; }

  [[nodiscard]] model::LiveProcess& live() { return live_; }
  [[nodiscard]] const Segment& segment() const { return segment_; }
  [[nodiscard]] Segment& segment() { return segment_; }
  // For who outlives the rest, which is of no use any more.
  [[nodiscard]] Segment take_segment() && { return std::move(segment_); }

 private:
  struct Ring {
    const protocol::Slot* slots = nullptr;
    protocol::ThreadSlot* shared = nullptr;
    std::uint64_t mask = 0;
    std::uint64_t position = 0;
    LookAhead ahead;
    std::uint64_t available = 0;  // complete up to here, as of the start of the round
    bool sequenced = false;
    bool released = false;  // the first half of the reallocation or remap at `position` is done
    bool waits = false;     // the record at `position` waits for this number of this shard:
    std::uint32_t awaited_shard = 0, awaited_sequence = 0;
    bool has_thread = false;
    std::uint32_t thread = 0;
    double at = 0;
    model::LiveProcess::Reallocation reallocation;  // the first half of one; else nothing
  };
  enum class Step : std::uint8_t { applied, waits };

  void open_new_rings();
  void look_at_rings();
  std::uint64_t drain_ring(Ring& ring);
  void route_records();
  void freed(Ring& ring, Function function, std::uint64_t address);
  std::uint32_t thread_row(std::uint32_t tid, const std::string& name);
  Step apply(Ring& ring, protocol::Slot first, std::uint64_t available, unsigned* slots);
  Step apply_short(Ring& ring, protocol::Slot slot);
  Step apply_extended(Ring& ring, protocol::RecordType type, const std::uint64_t* words);
  Step apply_reallocation(Ring& ring, const std::uint64_t* words);
  Step apply_pages(Ring& ring, protocol::RecordType type, const std::uint64_t* words);
  Step apply_remap(Ring& ring, const std::uint64_t* words);
  void give_up_half(Ring& ring);
  void apply_long_free(Ring& ring, const std::uint64_t* words);
  Step apply_sample(Ring& ring, const std::uint64_t* words);
  void apply_failure(Ring& ring, const std::uint64_t* words);
  void start_thread(Ring& ring, const std::uint64_t* words);
  // Is this the next number of its shard (then it is taken)? On rings without numbers always.
  bool is_turn(Ring& ring, std::uint32_t shard, std::uint32_t sequence);
  // The same for records that have numbers on every ring.
  bool is_numbered_turn(Ring& ring, std::uint32_t shard, std::uint32_t sequence);
  std::uint32_t& next_sequence(std::uint32_t shard);
  bool is_free_turn(Ring& ring, const std::uint64_t* words);
  std::uint32_t thread_of(Ring& ring);
  bool step_over_gap();
  model::EventContext context(Ring& ring, std::uint32_t node);
  void count_damage() { ++damaged_; }
  void answer_query();
  [[nodiscard]] bool is_asked_to_judge() const;
  void answer_question();

  Segment segment_;
  StackImporter stacks_;
  model::LiveProcess live_;
  std::unique_ptr<model::LiveProcess> watch_;
  bool is_watching_ = false;
  bool watch_has_gap_ = false;  // the target had given us up meanwhile
  struct Unwatched {
    std::uint32_t allocations = 0, frees = 0;
  };
  std::vector<Unwatched> unwatched_before_;  // of each ring, when the watch began
  std::uint64_t unwatched_allocations_before_ = 0, unwatched_frees_before_ = 0;
  // Where records of single events go: into the facts; of a process that is sampled or idle into
  // its watch, or nowhere.
  model::LiveProcess* exact_ = &live_;
  bool is_sampled_ = false;
  bool attaching_;
  std::vector<Ring> rings_;
  // Per shard, 16 KiB; nothing until the first record with a number, which a program of one thread
  // may never write.
  std::vector<std::uint32_t> next_sequence_;
  std::uint32_t open_query_ = 0;  // number of a question of the program's; 0: none
  std::uint32_t query_thread_ = 0;
  std::uint32_t judged_ = 0;  // the last question about a call that may fail
  std::uint64_t damaged_ = 0;
  std::uint64_t idle_allocations_before_ = 0;  // counted by an idle process before it was attached
  std::uint64_t idle_frees_before_ = 0;
  std::uint64_t idle_bytes_before_ = 0;
  std::uint64_t gave_up_before_ = 0;
  UnrecordedChildren children_before_{};
  unsigned stalled_rounds_ = 0;
  std::uint32_t gaps_believed_ = 0;  // because of hooks that were left by a jump
  unsigned gaps_waited_for_ = 0;     // that nothing explained
};

}  // namespace memwatch::intake
