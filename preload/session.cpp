#include "preload/session.h"

#include <errno.h>

#include <cstddef>
#include <cstring>

#include "preload/backed_memory.h"
#include "preload/inject_failures.h"
#include "preload/kernel.h"
#include "preload/module_table.h"
#include "preload/options.h"
#include "preload/process_state.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/sandbox.h"
#include "preload/segment_memory.h"
#include "preload/segment_source.h"
#include "preload/stack_tree.h"
#include "preload/thread_local_state.h"
#include "preload/thread_ring.h"
#include "preload/twin_call.h"
#include "preload/unwind_rules.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

// Survives the fork, unlike g_process: what the child needs to know of its parent.
struct Lineage {
  bool was_ready;
  SegmentHeader* parent_segment;  // still mapped in the child
  std::uint64_t fork_token;       // of the fork under way, 0 otherwise
  std::uint64_t last_token;
};
constinit Lineage g_lineage{};

bool fill_in_target_part(SegmentHeader* segment, const Introduction& introduction) {
  if (segment->magic != kSegmentMagic || segment->version != kProtocolVersion ||
      !is_sound(segment->geometry, segment->geometry.segment_bytes) ||
      segment->geometry.slots > ordinary_geometry().slots) {
    return false;
  }
  char* base = reinterpret_cast<char*>(segment);
  if (!back_pages(segment, sizeof *segment) ||
      !back_pages(base + segment->geometry.shards_offset, sizeof(Shard) * kShards)) {
    return false;
  }
  segment->pid = introduction.pid;
  segment->uid = effective_user();
  segment->start_time = introduction.start_time;
  segment->fork_token = introduction.fork_token;
  segment->parent_segment_id = introduction.parent_segment_id;
  segment->private_mappings = reinterpret_cast<std::uint64_t>(list_of_private_mappings());
  segment->twin_call = twin_call_address();
  segment->modules_used.store(1, std::memory_order_relaxed);  // 0 means "unknown"
  return true;
}

const char* rendezvous_path(const SegmentHeader* parent, char (&copy)[kMaxRendezvousPath]) {
  if (parent == nullptr) return g_options.socket;
  // The parent may have been attached to after it started: its segment knows the collector.
  std::memcpy(copy, parent->rendezvous, sizeof copy);
  copy[sizeof copy - 1] = '\0';
  return copy;
}

// Does a collector want to know of this process's children?
bool are_children_wanted(const SegmentHeader& segment) {
  return segment.rendezvous[0] != '\0';
}

void count_child(SegmentHeader* parent, Unrecorded why) {
  // Relaxed: a counter, nothing depends on it.
  parent->children_unrecorded[static_cast<std::size_t>(why)].fetch_add(1,
                                                                       std::memory_order_relaxed);
}

void uncount_child(SegmentHeader* parent, Unrecorded why) {
  parent->children_unrecorded[static_cast<std::size_t>(why)].fetch_sub(1,
                                                                       std::memory_order_relaxed);
}

// nullptr: runs unrecorded. A segment of our own is no record either, unless somebody attaches.
SegmentHeader* obtain_segment(const Introduction& introduction, SegmentHeader* parent,
                              char (&own_path)[128]) {
  char copy[kMaxRendezvousPath];
  const char* path = rendezvous_path(parent, copy);
  SegmentHeader* segment = nullptr;
  if (path[0] != '\0') {
    Unrecorded why{};
    const Answer answer = segment_from_collector(path, introduction, &segment, own_path, &why);
    if (answer == Answer::segment) return segment;
    if (answer == Answer::declined) return nullptr;
    // The collector does not know of this child, although it wants to: its parent's segment is the
    // only way there is to tell.
    if (parent != nullptr) count_child(parent, why);
  }
  return segment_of_our_own(introduction, own_path);
}

void set_up_first_time() {
  look_up_real_functions();
  read_options();
  clear_process_state_on_fork();
}

// A signal handler that forks may have interrupted a hook, which goes on in the child with the
// parent's ring: its private part stays as it is, and private pages take the place of the segment,
// so that what it still writes reaches nobody.
void set_up_in_child(SegmentHeader* parent) {
  const bool hook_is_interrupted = t_state.depth > 0;
  forget_rings_in_child(hook_is_interrupted);
  forget_private_mappings();
  forget_modules();
  for (auto& ring : t_state.rings) ring = nullptr;
  t_state.idle_counters = nullptr;
  t_state.depth = 0;
  if (parent == nullptr) return;
  let_go_of_segment(parent, hook_is_interrupted ? Leftover::replace : Leftover::unmap);
}

// A segment that cannot be used takes none of the program's addresses, and no name is left of it.
bool give_up_segment(SegmentHeader* segment, std::uint32_t why) {
  const Geometry geometry = segment->geometry;
  segment->ready.store(why, std::memory_order_release);
  if (is_sound(geometry, geometry.segment_bytes)) let_go_of_segment(segment, Leftover::unmap);
  if (g_process.own_path[0] != '\0') remove_segment(g_process.own_path);
  g_process.segment = nullptr;
  return false;
}

// Everything a process needs before its first record. Leaves the phase to the caller.
bool set_up_process() {
  const bool is_fork_child = g_lineage.was_ready;
  SegmentHeader* parent = g_lineage.parent_segment;
  if (!is_fork_child) set_up_first_time();
  Introduction introduction{};
  introduction.pid = own_pid();
  introduction.start_time = own_start_time();
  introduction.is_fork_child = is_fork_child;
  if (parent != nullptr) {
    introduction.parent_segment_id = parent->segment_id;
    introduction.fork_token = g_lineage.fork_token;
  }
  SegmentHeader* segment = nullptr;
  g_process.own_path[0] = '\0';
  if (!is_fork_child || g_options.follow) {
    segment = obtain_segment(introduction, parent, g_process.own_path);
  }
  if (is_fork_child) set_up_in_child(parent);
  g_lineage.parent_segment = nullptr;
  g_lineage.fork_token = 0;
  g_lineage.was_ready = true;
  if (segment == nullptr) return false;
  if (!fill_in_target_part(segment, introduction)) return give_up_segment(segment, kNoRoom);
  g_process.segment = segment;
  g_process.pid = introduction.pid;
  g_process.peak_rss_before = is_fork_child ? 0 : peak_resident_bytes();
  g_process.sequenced.store(0, std::memory_order_relaxed);
  if (!start_stack_tree()) {
    return give_up_segment(segment, is_address_space_limited() ? kNoAddresses : kNoRoom);
  }
  g_lineage.parent_segment = segment;  // a child will find it here
  segment->ready.store(1, std::memory_order_release);
  return true;
}

// A child of a program that has locked itself in can do what its parent may do, and connecting to
// anybody is not among it. No system call but those that give back what the parent had, so signals
// are not blocked either: a handler that allocates in the middle finds the phase taken, and leaves
// the parent's segment to us.
void go_unrecorded_in_sandbox() {
  auto unborn = Phase::unborn;
  if (!g_process.phase.compare_exchange_strong(unborn, Phase::starting,
                                               std::memory_order_acq_rel)) {
    return;
  }
  const int errno_before = errno;
  SegmentHeader* const parent = g_lineage.parent_segment;
  if (parent != nullptr && t_state.forks_counted == 0 && are_children_wanted(*parent)) {
    count_child(parent, Unrecorded::sandbox);
  }
  t_state.forks_counted = 0;
  set_up_in_child(parent);
  g_lineage.parent_segment = nullptr;
  g_lineage.fork_token = 0;
  errno = errno_before;
  g_process.phase.store(Phase::off, std::memory_order_release);
}

// The system's figure is of all that the process has been: it is this program's when it has grown.
void note_peak_memory() {
  const std::uint64_t peak = peak_resident_bytes();
  if (peak <= g_process.peak_rss_before) return;
  // Relaxed: read when the process has ended.
  g_process.segment->peak_rss.store(peak, std::memory_order_relaxed);
}

constinit bool g_may_look_up = false;

}  // namespace

void start_process_from_constructor() {
  g_may_look_up = true;
  if (g_process.phase.load(std::memory_order_acquire) == Phase::unborn) start_process_slow();
}

void start_process_slow() {
  if (!g_lineage.was_ready && !g_may_look_up && must_wait_for_constructor()) return;
  if (g_lineage.was_ready && is_sandboxed()) return go_unrecorded_in_sandbox();
  const SignalsBlocked no_handler_sees_half_a_process;
  const OwnWork own_work;
  auto unborn = Phase::unborn;
  if (!g_process.phase.compare_exchange_strong(unborn, Phase::starting,
                                               std::memory_order_acq_rel)) {
    // Another thread is at it: wait for it, within reason, so that this event is recorded too.
    for (int turn = 0;
         turn < 3000 && g_process.phase.load(std::memory_order_acquire) == Phase::starting;
         ++turn) {
      sleep_ns(1'000'000);
    }
    return;
  }
  const int errno_before = errno;
  const bool ready = set_up_process();
  const bool failing = ready && begin_injection();
  errno = errno_before;
  const Phase phase = failing ? Phase::failing : Phase::ready;
  g_process.phase.store(ready ? phase : Phase::off, std::memory_order_release);
}

bool announce_fork() {
  if (!is_ready()) return false;
  if (!is_sandboxed()) {
    g_lineage.fork_token = ++g_lineage.last_token;
    record_fork(g_lineage.fork_token);
    return false;
  }
  if (!are_children_wanted(*g_process.segment)) return false;
  t_state.forks_counted = t_state.forks_counted + 1;
  count_child(g_process.segment, Unrecorded::sandbox);
  return true;
}

void forget_announced_fork(bool is_counted, bool has_failed) {
  g_lineage.fork_token = 0;
  if (!is_counted) return;
  // 0 in a child that was forked in a handler in the middle of this fork.
  if (t_state.forks_counted > 0) t_state.forks_counted = t_state.forks_counted - 1;
  if (has_failed) uncount_child(g_process.segment, Unrecorded::sandbox);
}

void notice_fork_in_child() {
  g_process.segment = nullptr;  // the parent's; where the kernel wipes g_process it is gone already
  g_process.phase.store(Phase::unborn, std::memory_order_release);
}

void note_exec(bool under_way) {
  if (!is_ready()) return;
  if (const std::uint32_t pid = own_pid(); pid != g_process.pid) {
    return note_program(pid, !under_way);  // a vfork child: the parent goes on
  }
  if (under_way && !is_sandboxed()) {
    end_twin();
    note_peak_memory();
  }
  g_process.segment->exec_pending.store(under_way ? 1 : 0, std::memory_order_relaxed);
}

void note_program(std::uint32_t pid, bool has_failed) {
  if (!is_ready()) return;
  SegmentHeader& segment = *g_process.segment;
  if (!are_children_wanted(segment)) return;
  // Relaxed, both: an entry tells its own number, and nothing else depends on it. Not in a ring: a
  // child that shares memory and is not waited for would write to its parent's in the middle of a
  // record of the parent's.
  const std::uint32_t number = segment.programs_begun.fetch_add(1, std::memory_order_relaxed);
  segment.programs[number % protocol::kProgramEntries].store(
      protocol::program_entry(number, pid, has_failed), std::memory_order_relaxed);
}

void note_exit(int status) {
  if (!is_ready()) return;
  // A vfork child's _exit leaves its status here too. So be it: a system call to tell could end a
  // sandboxed program, and the note only counts for processes of which nothing better is known.
  g_process.segment->exit_status.store(status, std::memory_order_relaxed);
  g_process.segment->exit_seen.store(1, std::memory_order_release);
}

void withdraw_segment() {
  if (!is_ready()) return;
  if (is_sandboxed() || own_pid() != g_process.pid) return;
  note_peak_memory();
  // Also under a collector: it has the memory mapped, and may be about to let go or be dead.
  if (g_process.own_path[0] != '\0') remove_segment(g_process.own_path);
}

void note_child(int pid, int status) {
  if (pid > 0) record_child(static_cast<std::uint32_t>(pid), status);
}

}  // namespace memwatch::preload
