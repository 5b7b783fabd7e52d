#include "preload/walk_stack.h"

#include "preload/c_library.h"
#include "preload/frame_pointer.h"
#include "preload/processor.h"
#include "preload/readable_memory.h"
#include "preload/signal_frame.h"
#include "preload/unwind_cfi.h"
#include "preload/unwind_expression.h"
#include "preload/unwind_rules.h"
#include "shared/segment_layout.h"

namespace memwatch::preload {

namespace {

// Is there a caller at all? The loader's start code has no unwind information; its stack pointer is
// where the kernel left it, give or take the alignment. In musl all of start code is like that:
// there the frame lies a bit further in, and at the end of its own stack for a thread.
bool is_start_code(const Position& at, const ReadableRange& memory) {
  constexpr std::uintptr_t kAlignment = 64;
  constexpr std::uintptr_t kFramesOfMusl = 256;
  const std::uintptr_t entry = entry_stack_pointer();
  if (at.sp <= entry && entry - at.sp <= kAlignment) return true;
  const std::uintptr_t top = memory.ends_here ? memory.high : entry;
  return at.sp <= top && top - at.sp <= kFramesOfMusl && is_start_code_of_musl(at.pc);
}

Step move_to(Position& at, std::uintptr_t cfa, std::uintptr_t return_address, const Link& link) {
  if (return_address == 0) return Step::outermost_here;
  at.pc = strip_return_address(return_address);
  at.sp = cfa;
  at.exact = false;
  at.link = link;
  return Step::caller;
}

Step follow_simple(PackedRule rule, Position& at, ReadableRange& memory) {
  const std::uintptr_t cfa = (rule.is_sp_based() ? at.sp : at.fp) + rule.cfa_offset();
  const std::uint32_t pc_below = rule.pc_below_cfa();
  const std::uint32_t fp_below = rule.fp_below_cfa();
  if (cfa <= at.sp || !is_readable(memory, cfa - pc_below)) return Step::lost;
  if (fp_below != 0) {
    if (!is_readable(memory, cfa - fp_below)) return Step::lost;
    at.fp = read_word(cfa - fp_below);
  }
  return move_to(at, cfa, read_word(cfa - pc_below), Link(pc_below, rule.is_sp_based(), fp_below));
}

// A signal frame may lead to another stack (sigaltstack); any other leads up its own.
void note_other_stack(Position& at, ReadableRange& memory, std::uintptr_t sp) {
  const ReadableRange before_switch = memory;
  start_readable(memory, sp);
  if (memory.high != before_switch.high) at.on_other_stack = true;
}

// Code that the kernel or libc lets handlers return to, where it has no unwind information.
bool follow_signal_return(Position& at, ReadableRange& memory) {
  Registers interrupted{};
  std::uintptr_t pc = 0;
  if (!can_read(at.pc) || !can_read(at.pc + sizeof kSignalReturn - 1)) return false;
  if (!is_signal_return(at.pc) || !read_signal_frame(at.sp, memory, &interrupted, &pc)) {
    return false;
  }
  note_other_stack(at, memory, interrupted.value[kRegisterSp]);
  at.pc = pc;
  at.sp = interrupted.value[kRegisterSp];
  at.fp = interrupted.value[kRegisterFp];
  at.exact = true;
  at.link = Link{};
  at.others = interrupted;
  return true;
}

Step step_without_cfi(Position& at, ReadableRange& memory) {
  if (is_start_code(at, memory)) return Step::outermost;
  if (!at.exact && follow_signal_return(at, memory)) return Step::caller;
  at.others.known = 0;
  return follow_frame_pointer(at, memory);
}

bool recover(const CfiRow& row, unsigned number, std::uintptr_t cfa, const Registers& before,
             ReadableRange& memory, Registers* after) {
  std::uint64_t address = 0;
  const auto value = static_cast<std::uint64_t>(row.values[number]);
  switch (row.rules[number]) {
    case RegisterRule::same:
      if (before.has(number)) after->set(number, before.value[number]);
      return true;
    case RegisterRule::undefined:
      return true;
    case RegisterRule::offset:
      if (!is_readable(memory, cfa + value)) return false;
      after->set(number, read_word(cfa + value));
      return true;
    case RegisterRule::value:
      after->set(number, cfa + value);
      return true;
    case RegisterRule::other:
      if (value >= kRegisters || !before.has(static_cast<unsigned>(value))) return false;
      after->set(number, before.value[value]);
      return true;
    case RegisterRule::expression:
      if (!evaluate_expression(row.expressions[number], before, memory, true, cfa, &address) ||
          !is_readable(memory, address)) {
        return false;
      }
      after->set(number, read_word(address));
      return true;
    case RegisterRule::value_expression:
      if (!evaluate_expression(row.expressions[number], before, memory, true, cfa, &address)) {
        return false;
      }
      after->set(number, address);
      return true;
  }
  return false;
}

// The full interpreter: any register, expressions, signal frames.
[[gnu::noinline]] Step follow_complex(std::uintptr_t code, Position& at, ReadableRange& memory) {
  CfiRow row;
  if (find_cfi_row(code, &row) != CfiResult::found) return Step::lost;
  Registers before = at.others;
  before.set(kRegisterSp, at.sp);
  before.set(kRegisterFp, at.fp);
  if (!kPcIsARegister) before.set(kRegisterPc, at.pc);

  std::uint64_t cfa = 0;
  if (row.cfa_is_expression) {
    if (!evaluate_expression(row.cfa_expression, before, memory, false, 0, &cfa)) return Step::lost;
  } else {
    if (!before.has(row.cfa_register)) return Step::lost;
    cfa = before.value[row.cfa_register] + static_cast<std::uint64_t>(row.cfa_offset);
  }
  Registers after{};
  after.set(kRegisterSp, cfa);  // unless a rule says otherwise
  for (unsigned number = 0; number < kRegisters; ++number) {
    if (number == kRegisterSp && row.rules[number] == RegisterRule::same) continue;
    if (!recover(row, number, cfa, before, memory, &after)) {
      if (number == kRegisterPc || number == kRegisterSp || number == kRegisterFp) {
        return Step::lost;
      }
    }
  }
  if (row.rules[kRegisterPc] == RegisterRule::undefined) return Step::outermost;
  if (!after.has(kRegisterPc) || after.value[kRegisterPc] == 0) return Step::outermost_here;
  if (row.signal_frame) {
    note_other_stack(at, memory, after.value[kRegisterSp]);
  } else if (after.value[kRegisterSp] < at.sp || (after.value[kRegisterSp] == at.sp && !at.exact)) {
    return Step::lost;
  }
  at.pc = strip_return_address(after.value[kRegisterPc]);
  at.sp = after.value[kRegisterSp];
  at.fp = after.has(kRegisterFp) ? after.value[kRegisterFp] : 0;
  at.exact = row.signal_frame;
  at.link = Link{};  // by more registers than sp and fp
  at.others = after;
  return Step::caller;
}

}  // namespace

Step step_out(Position& at, ReadableRange& memory) {
  const std::uintptr_t code = at.exact ? at.pc : code_of_call(at.pc);
  const PackedRule rule = find_rule(code);
  switch (rule.kind()) {
    case RuleKind::sp_based:
    case RuleKind::fp_based: {
      const Step result = follow_simple(rule, at, memory);
      at.others.known = 0;  // callee-saved registers were not tracked through this frame
      return result;
    }
    case RuleKind::outermost:
      return Step::outermost;
    case RuleKind::complex:
      return follow_complex(code, at, memory);
    case RuleKind::no_cfi:
    case RuleKind::none:
      return step_without_cfi(at, memory);
  }
  return Step::lost;
}

Walk walk_stack(const CallSite& site, ReadableRange& memory, std::uint64_t* pcs, unsigned limit) {
  Position at(site);
  start_readable(memory, at.sp);
  unsigned count = 0;
  while (count < limit) {
    pcs[count++] = at.pc | (at.exact ? protocol::kExactPc : 0);
    const Step result = step_out(at, memory);
    if (result != Step::caller) return Walk{count, result == Step::lost};
  }
  return Walk{count, true};
}

}  // namespace memwatch::preload
