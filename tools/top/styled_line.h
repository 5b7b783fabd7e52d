// A line of the screen: pieces of printable text, each in a tone. Thread safety: none. No errors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/render/paint.h"

namespace memwatch::top {

class StyledLine {
 public:
  StyledLine() = default;
  StyledLine(render::Tone tone, std::string_view text) { add(tone, text); }

  StyledLine& add(render::Tone tone, std::string_view text);
  StyledLine& add(std::string_view text) { return add(render::Tone::plain, text); }
  // Blanks up to this column, counted from 0.
  StyledLine& fill_to(std::size_t column);
  // A bar over the whole width: the row that is chosen. It is no colour, so NO_COLOR has it too.
  StyledLine& choose();

  [[nodiscard]] std::size_t width() const { return width_; }
  // Cut at the right edge, which is seen: no number looks like a smaller one.
  [[nodiscard]] std::string paint(std::size_t width, bool color) const;

 private:
  struct Piece {
    render::Tone tone;
    std::string text;
  };
  std::vector<Piece> pieces_;
  std::size_t width_ = 0;
  bool is_chosen_ = false;
};

}  // namespace memwatch::top
