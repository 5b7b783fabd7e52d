#include "tools/render/paint.h"

namespace memwatch::render {
namespace {

// SGR parameters (ECMA-48 8.3.117).
std::string_view parameters(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::strong:
      return "1";
    case Tone::faint:
      return "2";
    case Tone::name:
      return "1";
    case Tone::place:
      return "36";
    case Tone::heap:
      return "34";
    case Tone::good:
      return "32";
    case Tone::caution:
      return "33";
    case Tone::bad:
      return "31";
    case Tone::command:
      return "1;32";
  }
  return "";
}

}  // namespace

std::string Painter::operator()(Tone tone, std::string_view text) const {
  const std::string_view sgr = parameters(tone);
  if (!color_ || sgr.empty() || text.empty()) return std::string(text);
  std::string painted = "\x1b[";
  painted += sgr;
  painted += 'm';
  painted += text;
  painted += "\x1b[0m";
  return painted;
}

}  // namespace memwatch::render
