#include "preload/unwind_module/unwind_module.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

extern "C" __attribute__((visibility("default"))) unsigned memwatch_unwind_capture(
    std::uintptr_t pc, std::uintptr_t sp, std::uint64_t* pcs, unsigned limit) {
  constexpr std::uint64_t kExactPc = 1ULL << 63;
  unw_context_t context;
  unw_cursor_t cursor;
  if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0) return 0;
  unsigned count = 0;
  bool interrupted = false;  // the frame at the cursor was interrupted, its pc is no return address
  do {
    unw_word_t frame_pc = 0;
    unw_word_t frame_sp = 0;
    if (unw_get_reg(&cursor, UNW_REG_IP, &frame_pc) != 0 || frame_pc == 0) break;
    if (unw_get_reg(&cursor, UNW_REG_SP, &frame_sp) != 0) break;
    if (count > 0 || (frame_pc == pc && frame_sp == sp)) {
      if (count == limit) break;
      pcs[count++] = frame_pc | (interrupted ? kExactPc : 0);
    }
    interrupted = unw_is_signal_frame(&cursor) > 0;
  } while (unw_step(&cursor) > 0);
  return count;
}
