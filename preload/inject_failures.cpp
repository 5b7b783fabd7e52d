#include "preload/inject_failures.h"

#include <errno.h>

#include <atomic>
#include <cstring>

#include "preload/code_objects.h"
#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/question.h"
#include "preload/record.h"
#include "preload/sandbox.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

// Relaxed: a thread that main has started knows that main has begun; the others may be judged an
// event later.
constinit std::atomic<bool> g_is_in_main{false};

// Questions that were not answered. After a few no more are asked, or the waits of all stacks would
// add up. Relaxed: another thread may wait once more.
constinit std::atomic<unsigned> g_unanswered{0};
constexpr unsigned kMostUnanswered = 3;

// What the collector said of each stack, by its innermost node; of this process's tree.
enum class Verdict : std::uint8_t { unknown, other, meant };
struct Verdicts {
  Verdict* of_node;
  std::uint64_t bytes;
};
constinit Verdicts g_verdicts{};

bool prepare_verdicts(std::uint64_t nodes) {
  if (g_verdicts.of_node != nullptr) unmap_memory(g_verdicts.of_node, g_verdicts.bytes);
  const std::uint64_t bytes = round_up(nodes, page_bytes());
  g_verdicts = {static_cast<Verdict*>(map_memory(bytes)), bytes};
  return g_verdicts.of_node != nullptr;
}

bool is_set(std::uint32_t flag) {
  return (g_process.segment->injection.flags.load(std::memory_order_relaxed) & flag) != 0;
}

// glibc's. What it cannot get for a library's thread-local variables ends the program; musl's
// loader is its C library, whose calls do count.
bool is_loader_code(std::uintptr_t pc) {
  CodeObject object{};
  if (!find_code_object(pc, &object)) return false;
  const char* const slash = std::strrchr(object.name, '/');
  const char* const file = slash != nullptr ? slash + 1 : object.name;
  return std::strncmp(file, "ld-linux", 8) == 0 || std::strncmp(file, "ld.so", 5) == 0 ||
         std::strncmp(file, "ld64.so", 7) == 0;
}

// True: it was answered. `stack` 0: the question is how large the live heap is.
bool ask(std::uint32_t stack, std::uint64_t* answer) {
  SegmentHeader& header = *g_process.segment;
  bool answered = false;
  const bool is_hopeless = g_unanswered.load(std::memory_order_relaxed) >= kMostUnanswered;
  if (!is_hopeless && take_turn(header.judge_owner, own_thread_id())) {
    header.judge_stack.store(stack, std::memory_order_relaxed);
    const std::uint32_t number = header.judge_number.load(std::memory_order_relaxed) + 1;
    header.judge_number.store(number, std::memory_order_release);
    answered = await_answer(header, header.judge_answered, number);
    *answer = stack != 0 ? header.judge_verdict.load(std::memory_order_relaxed)
                         : header.judge_live_bytes.load(std::memory_order_relaxed);
    header.judge_owner.store(0, std::memory_order_release);
  }
  // Relaxed: a counter, read when the process has ended.
  if (!answered) header.unjudged.fetch_add(1, std::memory_order_relaxed);
  if (!answered && !is_hopeless) g_unanswered.fetch_add(1, std::memory_order_relaxed);
  return answered;
}

bool is_stack_meant(std::uint32_t node) {
  if (node == 0 || node >= g_verdicts.bytes) return false;
  // Two threads that meet here ask twice and are told the same.
  Verdict& verdict = g_verdicts.of_node[node];
  const auto known = static_cast<Verdict>(
      __atomic_load_n(reinterpret_cast<std::uint8_t*>(&verdict), __ATOMIC_RELAXED));
  if (known != Verdict::unknown) return known == Verdict::meant;
  std::uint64_t answer = 0;
  if (is_sandboxed() || !ask(node, &answer)) return false;
  const Verdict told = answer == 1 ? Verdict::meant : Verdict::other;
  __atomic_store_n(reinterpret_cast<std::uint8_t*>(&verdict), static_cast<std::uint8_t>(told),
                   __ATOMIC_RELAXED);
  return told == Verdict::meant;
}

// Would this block take the live heap over the limit? What was left at the last answer is used up
// by allocations alone: only then it is asked again. Relaxed: an account, which publishes nothing.
bool exceeds_heap(std::size_t size, std::uint64_t limit) {
  std::uint64_t left = g_process.heap_left.load(std::memory_order_relaxed);
  while (size <= left) {
    if (g_process.heap_left.compare_exchange_weak(left, left - size, std::memory_order_relaxed)) {
      return false;
    }
  }
  std::uint64_t live = 0;
  if (is_sandboxed() || !ask(0, &live)) return false;
  const std::uint64_t now_left = live < limit ? limit - live : 0;
  const bool exceeds = size > now_left;
  g_process.heap_left.store(exceeds ? now_left : now_left - size, std::memory_order_relaxed);
  return exceeds;
}

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): number n
// of the sequence of a seed, without the ones before.
std::uint64_t random_number(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t z = seed + n * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Is it the turn of this call, which counts?
bool is_turn(const Injection& wanted) {
  // Relaxed, all of them: the settings were read at the start, and the count only counts.
  const std::uint64_t n = g_process.counted_calls.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::uint64_t first = wanted.first_failing.load(std::memory_order_relaxed);
  const std::uint64_t every = wanted.every.load(std::memory_order_relaxed);
  if (first != 0) return n == first || (n > first && is_set(kInjectionLaterToo));
  if (every != 0) return n % every == 0;
  if (!is_set(kInjectionByChance)) return true;
  return random_number(wanted.seed.load(std::memory_order_relaxed), n) >> 32 <
         wanted.chance.load(std::memory_order_relaxed);
}

// The conditions that need no stack, cheapest first. The account of the heap is kept of all calls.
bool counts_by_size(Function function, std::size_t size, const Injection& wanted) {
  const std::uint64_t limit = wanted.heap_bytes.load(std::memory_order_relaxed);
  if (limit != kNoLimit && (is_mapping(function) || !exceeds_heap(size, limit))) return false;
  return size >= wanted.least_size.load(std::memory_order_relaxed);
}

bool counts(Function function, std::size_t size, const CallSite& site) {
  // What a handler allocates that interrupts this is not judged; if it forks, the segment's place
  // is still there for us in the child.
  const Judgement judgement;
  const Injection& wanted = g_process.segment->injection;
  if (!counts_by_size(function, size, wanted)) return false;
  return !is_set(kInjectionByStack) || is_stack_meant(judgement.stack(site));
}

}  // namespace

bool begin_injection() {
  SegmentHeader& header = *g_process.segment;
  // Acquire: the conditions; matched by the release in collector/intake/segment.
  if (header.injection.is_wanted.load(std::memory_order_acquire) != 1) return false;
  if (is_set(kInjectionByStack) && !prepare_verdicts(header.geometry.nodes)) return false;
  g_unanswered.store(0, std::memory_order_relaxed);
  g_process.counted_calls.store(0, std::memory_order_relaxed);
  g_process.heap_left.store(0, std::memory_order_relaxed);
  return true;
}

bool must_fail(Function function, std::size_t size, const CallSite& site) {
  const SegmentHeader& header = *g_process.segment;
  if (header.control.load(std::memory_order_relaxed) !=
          static_cast<std::uint32_t>(Control::exact) ||
      t_state.depth != 0) {
    return false;
  }
  const bool is_early = !g_is_in_main.load(std::memory_order_relaxed);
  if (is_early && !is_set(kInjectionBeforeMain)) return false;
  if (is_loader_code(site.pc)) return false;
  if (!is_sandboxed() && own_pid() != g_process.pid) return false;  // a vfork child
  const int errno_before = errno;
  const bool fails = counts(function, size, site) && is_turn(header.injection);
  errno = errno_before;
  return fails;
}

void note_main_begins() {
  g_is_in_main.store(true, std::memory_order_relaxed);
}

void note_main_is_over() {
  g_is_in_main.store(false, std::memory_order_relaxed);
}

}  // namespace memwatch::preload
