#include <fmt/format.h>

#include <algorithm>

#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/top/draw.h"

namespace memwatch::top {

namespace {

using render::Tone;

constexpr std::size_t kAbove = 3;  // heading, verdict, a blank

StyledLine verdict(const LeaksView& view) {
  if (view.is_running && view.is_watched) {
    return {Tone::plain,
            fmt::format("Watching for 10 s what it allocates, then that is judged … {}",
                        render::human_duration(view.seconds))};
  }
  if (view.is_running) {
    return {Tone::plain, fmt::format("Looking for blocks that nothing leads to any more … {}",
                                     render::human_duration(view.seconds))};
  }
  switch (view.status) {
    case 0:
      if (view.is_watched) return {Tone::good, "No leak among the blocks of these seconds"};
      if (!view.knows_all) return {Tone::caution, "No leak among the blocks that are known"};
      return {Tone::good, "No leak: something leads to every block"};
    case 1:
      return {Tone::bad, "It leaks"};
    default:
      return {Tone::caution, "It could not be judged"};
  }
}

}  // namespace

std::size_t lines_of_leaks(Size size) {
  return size.height > kAbove + 1 ? size.height - kAbove - 1 : 1;
}

Lines draw_leaks(const LeaksView& view, Size size) {
  StyledLine title(Tone::strong, "memwatch top");
  title.add(fmt::format("  leak check of {} ({})", render::printable(view.name), view.pid));
  Lines lines{std::move(title), verdict(view), StyledLine()};
  const std::size_t last = std::min(view.lines.size(), view.first + lines_of_leaks(size));
  for (std::size_t i = view.first; i < last; ++i) {
    lines.emplace_back(Tone::plain, render::printable(view.lines[i]));
  }
  return lines;
}

}  // namespace memwatch::top
