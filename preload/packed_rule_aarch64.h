// Unwind rules in eight bytes: CFA = sp or fp + offset; x29 and x30 saved as the pair that every
// compiler stores, x29 at CFA − slot and x30 eight bytes above it; or x30 alone at CFA − slot.
//
//   63                    34 33   29 28      16 15            4 3      2    0
//  |  rest of the pc's hash |  none |  slot/8  | CFA offset/16 | pair | kind |
//
// The hash (pc/4 · odd mod 2^46: pcs have 48 bits) is one-to-one, its other 16 bits are the index,
// so a match is exact.
#pragma once

#include <cstdint>

namespace memwatch::preload {

inline constexpr unsigned kRuleHashBits = 46;
inline constexpr unsigned kRuleTagShift = 34;

inline std::uint64_t rule_key(std::uintptr_t pc) {
  return pc >> 2;
}

class RuleFields {
 public:
  explicit RuleFields(std::uint64_t word) : word_(word) {}

  [[nodiscard]] bool fp_saved() const { return ((word_ >> 3) & 1) != 0; }
  [[nodiscard]] std::uint32_t cfa_offset() const {
    return static_cast<std::uint32_t>(word_) & 0xfff0U;
  }
  // 0 where fp is not saved.
  [[nodiscard]] std::uint32_t fp_below_cfa() const { return fp_saved() ? slot() : 0; }
  [[nodiscard]] std::uint32_t pc_below_cfa() const { return fp_saved() ? slot() - 8 : slot(); }
  // The furthest of what is saved.
  [[nodiscard]] std::uint32_t most_below_cfa() const { return slot(); }

  // False: does not fit.
  static bool pack(std::uint32_t cfa_offset, std::uint32_t pc_below, std::uint32_t fp_below,
                   std::uint64_t* fields) {
    const std::uint32_t slot = fp_below != 0 ? fp_below : pc_below;
    if (fp_below != 0 && pc_below + 8 != fp_below) return false;
    if (cfa_offset >= 65536 || cfa_offset % 16 != 0) return false;
    if (slot < 8 || slot >= 65536 || slot % 8 != 0 || (fp_below != 0 && slot < 16)) return false;
    *fields = (static_cast<std::uint64_t>(fp_below != 0 ? 1 : 0) << 3) | cfa_offset |
              (static_cast<std::uint64_t>(slot / 8) << 16);
    return true;
  }

 protected:
  [[nodiscard]] std::uint32_t slot() const {
    return static_cast<std::uint32_t>(word_ >> 13) & 0xfff8U;
  }
  std::uint64_t word_;
};

}  // namespace memwatch::preload
