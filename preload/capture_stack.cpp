#include "preload/capture_stack.h"

#include <atomic>

#include "preload/code_generation.h"
#include "preload/process_state.h"
#include "preload/second_unwinder.h"
#include "preload/stack_tree.h"
#include "preload/unwind_rules.h"

namespace memwatch::preload {

namespace {

// The place of a check that never holds, for frames that were found by more than the words below
// them.
constexpr std::uint64_t kNoWord = 1;

// The first check from the end of those that does not hold, plus one; 0: all hold.
[[gnu::no_sanitize_address]] inline unsigned last_broken(const WordCheck* checks, unsigned count) {
  // Four at a time without a branch between them: nearly always all hold.
  while (count >= 4) {
    const WordCheck* const four = checks + count - 4;
    const std::uint64_t differences =
        (*four[0].place ^ four[0].value) | (*four[1].place ^ four[1].value) |
        (*four[2].place ^ four[2].value) | (*four[3].place ^ four[3].value);
    if (differences != 0) break;
    count -= 4;
  }
  while (count > 0 && *checks[count - 1].place == checks[count - 1].value) --count;
  return count;
}

bool is_truncated(StackEnd end) {
  return end == StackEnd::lost || end == StackEnd::cut_off;
}

StackEnd end_of(Step step) {
  if (step == Step::outermost) return StackEnd::outermost;
  return step == Step::outermost_here ? StackEnd::outermost_here : StackEnd::lost;
}

// Can a frame's fp matter, given how its caller was found from it and whether the caller's can?
bool needs_fp(Link outer, bool outer_needs_fp) {
  return !outer.by_sp() || (outer.fp_below() == 0 && outer_needs_fp);
}

std::uint32_t node_of(NodeCache& cache, std::uint32_t parent, std::uint64_t pc) {
  if (const std::uint32_t hinted = hinted_node(parent, pc); hinted != 0) [[likely]] {
    return hinted;
  }
  NodeCache::Entry& entry = cache.entry_of(parent, pc);
  if (entry.pc == pc && entry.parent == parent && entry.node != 0) return entry.node;
  const std::uint32_t node = intern_frame(parent, pc);
  entry = NodeCache::Entry{pc, parent, node};
  return node;
}

// The registers of the current frame.
struct Frame {
  std::uint64_t pc;  // with protocol::kExactPc where it is not a return address
  std::uintptr_t sp, fp;
  Link link;
};

// A walk from the call site outwards that looks out for the frames of the last one.
class Capture {
 public:
  Capture(ThreadRing& ring, const CallSite& site)
      : ring_(ring), memo_(ring.memo), memory_(stack_at(ring.stacks, site.sp)) {
    others_.known = 0;
    candidates_ = frames_worth_comparing(site.sp);
  }

  std::uint32_t run(const CallSite& site) {
    // What changes with each frame stays in registers: `at` never has its address taken.
    Frame at{site.pc, site.sp, site.fp, Link{}};
    unsigned candidates = candidates_;
    unsigned fresh = 0;
    for (;;) {
      const KnownFrame* const frames = memo_.frames;
      while (candidates > 0 && frames[candidates - 1].sp < at.sp) --candidates;
      if (candidates > 0 && is_met(frames[candidates - 1], at)) {
        const unsigned broken = first_broken(candidates, at);
        if (broken == 0) [[likely]] {
          base_ = candidates;
          end_ = memo_.end;
          break;
        }
        // The walk goes on through frames that are the same, up to the one whose check is broken.
        while (candidates > 0 && frames[candidates - 1].checks >= broken) --candidates;
      }
      memo_.fresh[fresh].pc = at.pc;
      memo_.fresh[fresh].sp = at.sp;
      memo_.fresh[fresh].fp = at.fp;
      memo_.fresh[fresh].link = at.link;
      if (++fresh == kMaxFrames) {
        end_ = StackEnd::cut_off;
        break;
      }
      if (step_by_cached_rule(at)) continue;
      const SlowStep slow = step_slow(at);
      if (!slow.moved) break;
      at = slow.to;
    }
    fresh_ = fresh;
    met_link_ = at.link;
    if (base_ + fresh_ > kMaxFrames) [[unlikely]] {
      cut_outer_part();
    }
    return intern();
  }

 private:
  // None if the last stack is not on this one's memory: then its words must not be read.
  unsigned frames_worth_comparing(std::uintptr_t sp) {
    // Acquire: pairs with the release in entry_points_loader.
    const std::uint32_t generation = g_code_generation.load(std::memory_order_acquire);
    if (memo_.code_generation != generation) [[unlikely]] {
      forget_code(generation);
    }
    const bool within = memo_.depth > 0 && sp >= memory_.low && memo_.frames[0].sp <= memory_.high;
    return within ? memo_.depth : 0;
  }

  [[gnu::noinline]] void forget_code(std::uint32_t generation) {
    memo_.depth = 0;
    for (NodeCache::Entry& entry : ring_.node_cache.entries) entry.node = 0;
    memo_.code_generation = generation;
  }

  static bool is_met(const KnownFrame& known, const Frame& at) {
    return known.sp == at.sp && known.pc == at.pc && (!known.needs_fp || known.fp == at.fp);
  }

  // The current frame is one of the last stack's. Is everything outside of it what it was? 0: yes.
  unsigned first_broken(unsigned candidates, Frame at) {
    const unsigned broken = last_broken(memo_.checks, memo_.frames[candidates - 1].checks);
    if (broken != 0 || memo_.end == StackEnd::outermost || memo_.end == StackEnd::cut_off) {
      return broken;
    }
    return ends_as_before(candidates, at) ? 0 : 1;
  }

  // The last stack's outermost frame still has no caller?
  [[gnu::noinline]] bool ends_as_before(unsigned candidates, const Frame& at) {
    const KnownFrame& frame = memo_.frames[0];
    Position last =
        candidates == 1 ? position(at) : position(Frame{frame.pc, frame.sp, frame.fp, {}});
    if (candidates != 1) last.others.known = 0;
    return end_of(step_out(last, memory_)) == memo_.end;
  }

  // To the caller by a rule that is cached and usual, where all is as it should be; else false, and
  // nothing has moved.
  bool step_by_cached_rule(Frame& at) {
    // Of an interrupted instruction the rule is that of its own place. Its mark is lost in the key
    // of the cache, where it would find what holds for the instruction before.
    if ((at.pc & protocol::kExactPc) != 0) return false;
    const PackedRule rule = PackedRule::cached_for(code_of_call(at.pc));
    if (!rule.is_usual()) return false;
    const std::uintptr_t cfa = (rule.is_sp_based() ? at.sp : at.fp) + rule.cfa_offset();
    const std::uint32_t fp_below = rule.fp_below_cfa();
    if (cfa <= at.sp || cfa > memory_.high || cfa - rule.most_below_cfa() < memory_.low ||
        (cfa & 7) != 0) {
      return false;
    }
    const std::uint64_t pc = strip_return_address(read_word(cfa - rule.pc_below_cfa()));
    if (pc == 0) return false;
    at.pc = pc;
    at.sp = cfa;
    if (fp_below != 0) at.fp = read_word(cfa - fp_below);
    at.link = Link(rule.pc_below_cfa(), rule.is_sp_based(), fp_below);
    others_.known = 0;
    return true;
  }

  struct SlowStep {
    Frame to;
    bool moved;  // false: there is no caller
  };

  // Any other way.
  [[gnu::noinline]] SlowStep step_slow(Frame from) {
    Position at = position(from);
    const Step result = step_out(at, memory_);
    if (result != Step::caller) {
      end_ = end_of(result);
      return SlowStep{from, false};
    }
    others_.known = 0;
    if (at.others.known != 0) others_ = at.others;
    if (at.on_other_stack) on_other_stack_ = true;
    return SlowStep{{at.pc | (at.exact ? protocol::kExactPc : 0), at.sp, at.fp, at.link}, true};
  }

  [[nodiscard]] Position position(const Frame& frame) const {
    Position at(CallSite{frame.pc & ~protocol::kExactPc, frame.sp, frame.fp});
    at.exact = (frame.pc & protocol::kExactPc) != 0;
    if (others_.known != 0) at.others = others_;
    return at;
  }

  // Half is kept, so that a recursion that goes ever deeper is cut once in as many calls and not at
  // each: the tree would be full of stacks that differ in where they were cut.
  [[gnu::noinline]] void cut_outer_part() {
    constexpr unsigned kKept = kMaxFrames / 2;
    if (fresh_ > kKept) fresh_ = kKept;
    if (base_ > 0) memo_.frames[base_ - 1].link = met_link_;
    for (unsigned i = base_; i-- > 0 && fresh_ < kKept;) {
      const KnownFrame& frame = memo_.frames[i];
      memo_.fresh[fresh_++] = FreshFrame{frame.pc, frame.sp, frame.fp, frame.link};
    }
    base_ = 0;
    end_ = StackEnd::cut_off;
  }

  // Appends what must hold for the frame to be still the same, seen from a frame further in.
  static WordCheck* add_checks(WordCheck* at, const KnownFrame& frame) {
    if (!frame.link.is_simple()) {
      *at++ = WordCheck{&kNoWord, 0};
      return at;
    }
    const std::uint64_t* const pc_place = word_at(frame.sp - frame.link.pc_below());
    // With its signature, where there may be one; the word was read a moment ago.
    *at++ = WordCheck{pc_place, kSignsReturnAddresses ? *pc_place : frame.pc};
    if (frame.needs_fp && frame.link.fp_below() != 0) {
      *at++ = WordCheck{word_at(frame.sp - frame.link.fp_below()), frame.fp};
    }
    return at;
  }

  static const std::uint64_t* word_at(std::uintptr_t address) {
    return reinterpret_cast<const std::uint64_t*>(address);
  }

  std::uint32_t intern();
  void remember(unsigned depth);
  std::uint32_t cut_without_room(std::uint32_t node, bool counted) const;

  ThreadRing& ring_;
  StackMemo& memo_;
  ReadableRange memory_;
  unsigned candidates_ = 0;  // frames of the last stack that may be met
  unsigned fresh_ = 0;
  unsigned base_ = 0;  // frames of the last stack that are this one's outer part
  Link met_link_;      // how the innermost of those was found
  StackEnd end_ = StackEnd::outermost;
  bool on_other_stack_ = false;
  Registers others_;  // of the current frame; its array is left as it is, since nothing is known
};

void Capture::remember(unsigned depth) {
  memo_.end = end_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  // Frames on two stacks cannot be compared by their stack pointers.
  memo_.depth = on_other_stack_ ? 0 : depth;
  if (!on_other_stack_) keep_stack(ring_.stacks, memory_);
}

[[gnu::noinline]] std::uint32_t Capture::cut_without_room(std::uint32_t node, bool counted) const {
  if (!counted) g_process.segment->truncated_stacks.fetch_add(1, std::memory_order_relaxed);
  return node == 0 ? protocol::kTruncatedNode : node;
}

std::uint32_t Capture::intern() {
  const bool truncated = is_truncated(end_);
  if (truncated) g_process.segment->truncated_stacks.fetch_add(1, std::memory_order_relaxed);
  std::uint32_t node = truncated ? protocol::kTruncatedNode : 0;
  // A signal handler that never comes back (longjmp) must leave frames that hold, not a mixture.
  memo_.depth = base_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  KnownFrame* frame = memo_.frames + base_;
  WordCheck* checks = memo_.checks;
  bool needs_fp_next = end_ != StackEnd::outermost;
  if (base_ > 0) {
    KnownFrame& met = frame[-1];
    node = met.node;
    if (fresh_ == 0) return node;  // no frame is new; some may have returned
    met.link = met_link_;
    checks = add_checks(checks + met.checks, met);
    needs_fp_next = needs_fp(met_link_, met.needs_fp);
  }
  // From the outermost fresh frame inwards.
  for (const FreshFrame* fresh = memo_.fresh + fresh_; fresh-- != memo_.fresh;) {
    const std::uint32_t child = node_of(ring_.node_cache, node, fresh->pc);
    if (child == 0) [[unlikely]] {
      node = cut_without_room(node, truncated);
      break;
    }
    node = child;
    frame->pc = fresh->pc;
    frame->sp = fresh->sp;
    frame->fp = fresh->fp;
    frame->node = node;
    frame->link = fresh->link;
    frame->checks = static_cast<std::uint16_t>(checks - memo_.checks);
    frame->needs_fp = needs_fp_next;
    checks = add_checks(checks, *frame);
    needs_fp_next = needs_fp(frame->link, needs_fp_next);
    ++frame;
  }
  remember(static_cast<unsigned>(frame - memo_.frames));
  return node;
}

}  // namespace

namespace {

// The very same stack as last time, on the thread's own stack: most loops.
bool is_last_stack(const ThreadRing& ring, const CallSite& site) {
  const StackMemo& memo = ring.memo;
  if (memo.depth == 0 || memo.end != StackEnd::outermost) return false;
  const KnownFrame& last = memo.frames[memo.depth - 1];
  return last.sp == site.sp && last.pc == site.pc && (!last.needs_fp || last.fp == site.fp) &&
         site.sp >= ring.stacks.own.low && memo.frames[0].sp <= ring.stacks.own.high &&
         memo.code_generation == g_code_generation.load(std::memory_order_acquire) &&
         last_broken(memo.checks, last.checks) == 0;
}

}  // namespace

std::uint32_t capture_stack_builtin(ThreadRing& ring, const CallSite& site) {
  if (is_last_stack(ring, site)) return ring.memo.frames[ring.memo.depth - 1].node;
  return Capture(ring, site).run(site);
}

std::uint32_t capture_stack(ThreadRing& ring, const CallSite& site) {
  if (!has_second_unwinder()) [[likely]] {
    return capture_stack_builtin(ring, site);
  }
  return capture_stack_as_asked(ring, site);
}

}  // namespace memwatch::preload
