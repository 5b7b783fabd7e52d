// See processor.h.
#pragma once

#include <atomic>
#include <cstdint>

namespace memwatch::preload {

// DWARF for the Arm 64-bit architecture: x0 to x30 are 0–30, sp is 31. The caller's pc is what x30
// was. (34, the state of the signature, is of no use to who strips always.)
inline constexpr unsigned kRegisters = 32;
inline constexpr unsigned kRegisterFp = 29;
inline constexpr unsigned kRegisterSp = 31;
inline constexpr unsigned kRegisterPc = 30;
inline constexpr bool kPcIsARegister = true;
inline constexpr bool kSignsReturnAddresses = true;

inline std::uintptr_t code_of_call(std::uintptr_t pc) {
  return pc - 4;
}

// xpaclri, which processors without pointer authentication take for no operation. An address
// without a signature stays what it is.
inline std::uintptr_t strip_return_address(std::uintptr_t pc) {
  register std::uintptr_t x30 asm("x30") = pc;
  asm("hint #7" : "+r"(x30));
  return x30;
}

// [x29] is the caller's x29. Where the frame ends compilers decide: clang puts that pair at its
// end, gcc where it likes, and tells.
#if defined(__clang__)
#define MEMWATCH_CANONICAL_FRAME_ADDRESS() \
  (reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16)
#else
#define MEMWATCH_CANONICAL_FRAME_ADDRESS() (reinterpret_cast<std::uintptr_t>(__builtin_dwarf_cfa()))
#endif
#define MEMWATCH_CALL_SITE()                                              \
  (::memwatch::preload::CallSite{                                         \
      ::memwatch::preload::strip_return_address(                          \
          reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))), \
      MEMWATCH_CANONICAL_FRAME_ADDRESS(),                                 \
      *static_cast<const std::uintptr_t*>(__builtin_frame_address(0))})

// There is no such instruction, so a locked one.
inline void unlocked_add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  counter.fetch_add(amount, std::memory_order_relaxed);
}

inline void pause_processor() {
  asm volatile("yield");
}

}  // namespace memwatch::preload
