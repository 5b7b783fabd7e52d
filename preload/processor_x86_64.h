// See processor.h.
#pragma once

#include <atomic>
#include <cstdint>

namespace memwatch::preload {

// System V ABI: 0–15 are general registers, 16 is the return address.
inline constexpr unsigned kRegisters = 17;
inline constexpr unsigned kRegisterFp = 6;   // rbp
inline constexpr unsigned kRegisterSp = 7;   // rsp
inline constexpr unsigned kRegisterPc = 16;  // of the caller: where a rule leads
inline constexpr bool kPcIsARegister = false;
inline constexpr bool kSignsReturnAddresses = false;

inline std::uintptr_t code_of_call(std::uintptr_t pc) {
  return pc - 1;
}

inline std::uintptr_t strip_return_address(std::uintptr_t pc) {
  return pc;
}

// [fp] is the caller's fp and [fp + 8] the return address, right below the caller's stack pointer.
#define MEMWATCH_CALL_SITE()                                             \
  (::memwatch::preload::CallSite{                                        \
      reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)),     \
      reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16, \
      *static_cast<const std::uintptr_t*>(__builtin_frame_address(0))})

// One instruction, without the bus lock that other writers would need.
inline void unlocked_add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  asm volatile("addq %1, %0"
               : "+m"(*reinterpret_cast<std::uint64_t*>(&counter))
               : "er"(amount)
               : "cc");
}

inline void pause_processor() {
  asm volatile("pause");
}

}  // namespace memwatch::preload
