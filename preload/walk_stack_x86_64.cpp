#include "preload/readable_memory.h"
#include "preload/unwind_cfi.h"
#include "preload/unwind_expression.h"
#include "preload/unwind_rules.h"
#include "preload/walk_stack.h"
#include "shared/segment_layout.h"

// Of the loader: the stack pointer at the program's entry.
extern "C" void* __libc_stack_end __attribute__((weak));

namespace memwatch::preload {

namespace {

// The loader's own start code has no unwind information; its stack pointer is where the kernel left
// it, give or take the alignment.
bool is_program_entry(std::uintptr_t sp) {
  constexpr std::uintptr_t kSlack = 64;
  if (&__libc_stack_end == nullptr) return false;
  const auto end = reinterpret_cast<std::uintptr_t>(__libc_stack_end);
  return sp <= end && end - sp <= kSlack;
}

// The call pushed the return address, so it lies right below the caller's stack pointer.
Step move_to(Position& at, std::uintptr_t cfa, std::uintptr_t return_address, bool by_sp,
             std::uint32_t fp_below) {
  if (return_address == 0) return Step::outermost_here;
  at.pc = return_address;
  at.sp = cfa;
  at.exact = false;
  at.link = Link(8, by_sp, fp_below);
  return Step::caller;
}

Step follow_simple(const UnwindRule& rule, Position& at, ReadableRange& memory) {
  const std::uintptr_t cfa = (rule.kind == RuleKind::sp_based ? at.sp : at.fp) + rule.cfa_offset;
  if (cfa <= at.sp || !is_readable(memory, cfa - 8)) return Step::lost;
  if (rule.fp_saved) {
    if (!is_readable(memory, cfa - rule.fp_below_cfa)) return Step::lost;
    at.fp = read_word(cfa - rule.fp_below_cfa);
  }
  return move_to(at, cfa, read_word(cfa - 8), rule.kind == RuleKind::sp_based,
                 rule.fp_saved ? rule.fp_below_cfa : 0);
}

// Code without unwind information (made at run time, hand-written): believe the frame pointer if it
// points up this stack and what it points at looks like a frame.
Step follow_frame_pointer(Position& at, ReadableRange& memory) {
  constexpr std::uintptr_t kMaxFrame = 1U << 20;
  if (at.fp < at.sp || at.fp - at.sp > kMaxFrame) return Step::lost;
  if (!is_readable(memory, at.fp) || !is_readable(memory, at.fp + 8)) return Step::lost;
  const std::uintptr_t cfa = at.fp + 16;
  const std::uintptr_t return_address = read_word(at.fp + 8);
  at.fp = read_word(at.fp);
  return move_to(at, cfa, return_address, false, 16);
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
  before.set(kRegisterPc, at.pc);

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
  // A signal frame may lead to another stack (sigaltstack); any other frame leads up its own.
  if (row.signal_frame) {
    const ReadableRange before_switch = memory;
    start_readable(memory, after.value[kRegisterSp]);
    if (memory.high != before_switch.high) at.on_other_stack = true;
  } else if (after.value[kRegisterSp] <= at.sp) {
    return Step::lost;
  }
  at.pc = after.value[kRegisterPc];
  at.sp = after.value[kRegisterSp];
  at.fp = after.has(kRegisterFp) ? after.value[kRegisterFp] : 0;
  at.exact = row.signal_frame;
  at.link = Link{};  // by more registers than sp and fp
  at.others = after;
  return Step::caller;
}

}  // namespace

Step step_out(Position& at, ReadableRange& memory) {
  const std::uintptr_t code = at.exact ? at.pc : at.pc - 1;
  const UnwindRule rule = find_rule(code);
  switch (rule.kind) {
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
      if (is_program_entry(at.sp)) return Step::outermost_here;
      at.others.known = 0;
      return follow_frame_pointer(at, memory);
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
