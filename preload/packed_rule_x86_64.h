// Unwind rules in eight bytes: CFA = sp or fp + offset, return address at CFA − 8 (the call pushed
// it), fp unchanged or saved near the CFA.
//
//   63                    25 24      18 17            5 4   3 2    0
//  |  rest of the pc's hash |  fp slot |  CFA offset/8 |  fp |  kind |
//
// The hash (pc · odd mod 2^55) is one-to-one, its other 16 bits are the index, so a match is exact.
#pragma once

#include <cstdint>

namespace memwatch::preload {

inline constexpr unsigned kRuleHashBits = 55;
inline constexpr unsigned kRuleTagShift = 25;

inline std::uint64_t rule_key(std::uintptr_t pc) {
  return pc;
}

class RuleFields {
 public:
  explicit RuleFields(std::uint64_t word) : word_(word) {}

  [[nodiscard]] bool fp_saved() const { return ((word_ >> 3) & 1) != 0; }
  [[nodiscard]] std::uint32_t cfa_offset() const {
    return static_cast<std::uint32_t>(word_ >> 2) & 0xfff8U;
  }
  // 0 where fp is not saved.
  [[nodiscard]] std::uint32_t fp_below_cfa() const {
    return static_cast<std::uint32_t>(word_ >> 15) & 0x3f8U;
  }
  [[nodiscard]] std::uint32_t pc_below_cfa() const { return 8; }
  // The furthest of what is saved.
  [[nodiscard]] std::uint32_t most_below_cfa() const { return fp_below_cfa(); }

  // False: does not fit.
  static bool pack(std::uint32_t cfa_offset, std::uint32_t pc_below, std::uint32_t fp_below,
                   std::uint64_t* fields) {
    if (cfa_offset < 8 || cfa_offset >= 65536 || cfa_offset % 8 != 0 || pc_below != 8) return false;
    if (fp_below != 0 && (fp_below < 16 || fp_below > 1016 || fp_below % 8 != 0)) return false;
    *fields = (static_cast<std::uint64_t>(fp_below != 0 ? 1 : 0) << 3) |
              (static_cast<std::uint64_t>(cfa_offset / 8) << 5) |
              (static_cast<std::uint64_t>(fp_below / 8) << 18);
    return true;
  }

 protected:
  std::uint64_t word_;
};

}  // namespace memwatch::preload
