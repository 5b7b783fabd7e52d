#include "tools/top/styled_line.h"

#include "tools/render/printable.h"

namespace memwatch::top {

StyledLine& StyledLine::add(render::Tone tone, std::string_view text) {
  width_ += render::display_width(text);
  pieces_.push_back({tone, std::string(text)});
  return *this;
}

StyledLine& StyledLine::fill_to(std::size_t column) {
  if (column > width_) add(std::string(column - width_, ' '));
  return *this;
}

StyledLine& StyledLine::choose() {
  is_chosen_ = true;
  return *this;
}

std::string StyledLine::paint(std::size_t width, bool color) const {
  const render::Painter painter(color && !is_chosen_);
  std::string painted;
  const bool is_cut = width_ > width && width > 0;
  std::size_t left = is_cut ? width - 1 : width;
  for (const Piece& piece : pieces_) {
    const std::string_view text = render::head_of_width(piece.text, left);
    left -= render::display_width(text);
    painted += painter(piece.tone, text);
    if (text.size() < piece.text.size()) break;
  }
  if (is_cut) painted += "…";
  if (!is_chosen_) return painted;
  return "\x1b[7m" + painted + std::string(left, ' ') + "\x1b[0m";
}

}  // namespace memwatch::top
