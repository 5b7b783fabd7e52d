#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/analysis/stack_text.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/top/draw.h"

namespace memwatch::top {

namespace {

using render::Tone;

constexpr std::size_t kNumbers = 5;
constexpr std::array<const char*, kNumbers> kTitles = {"live heap", "blocks", "at peak",
                                                       "allocated", "calls"};
// What goes first where there is little room for names.
constexpr std::array<std::size_t, 4> kLeastFirst = {4, 3, 1, 2};
constexpr std::size_t kGap = 2, kLeastName = 24;
constexpr std::size_t kLeastHeightForStack = 12;

std::string function_of(const SiteFrame& frame) {
  if (!frame.function.empty()) return render::printable(frame.function);
  if (frame.module.empty()) return "unknown code";
  return "in " + render::printable(analysis::base_name(frame.module));
}

std::string place_of(const SiteFrame& frame) {
  if (frame.file.empty()) return {};
  const std::string file = render::printable(render::short_path(frame.file));
  return frame.line == 0 ? file : fmt::format("{}:{}", file, frame.line);
}

// The function, shortened so that the place has room behind it.
void add_frame(StyledLine& line, const SiteFrame& frame, std::size_t width) {
  const std::string place = place_of(frame);
  const std::size_t used = line.width();
  const std::size_t room = width > used ? width - used : 0;
  const std::size_t for_place = place.empty() ? 0 : render::display_width(place) + kGap;
  const std::size_t for_name = room > for_place + kLeastName / 2 ? room - for_place : room;
  line.add(Tone::name, render::shorten_function(function_of(frame), for_name));
  if (!place.empty()) line.add("  ").add(Tone::place, place);
}

// Who called it, as far as there is room: one allocation function of a program is in many sites.
void add_callers(StyledLine& line, const std::vector<SiteFrame>& stack, std::size_t width) {
  constexpr std::size_t kLeastCaller = 8;
  for (std::size_t i = 1; i < stack.size(); ++i) {
    constexpr std::string_view kBetween = " ← ";
    const std::size_t used = line.width() + render::display_width(kBetween);
    if (used + kLeastCaller > width) return;
    const std::string caller = function_of(stack[i]);
    line.add(Tone::faint, kBetween);
    line.add(Tone::faint, render::shorten_function(caller, width - used));
  }
}

std::array<std::string, kNumbers> numbers_of(const Site& site) {
  return {render::human_bytes(site.live_bytes), render::human_count(site.live_blocks),
          render::human_bytes(site.peak_bytes), render::human_bytes(site.allocated_bytes),
          render::human_count(site.calls)};
}

Lines draw_list(const SitesView& view, std::size_t width, std::size_t rows) {
  const std::vector<Site>& all = view.sites->all;
  std::array<std::size_t, kNumbers> widths{};
  std::array<bool, kNumbers> shown{};
  shown.fill(true);
  for (std::size_t i = 0; i < kNumbers; ++i) widths[i] = render::display_width(kTitles[i]);
  for (const Site& site : all) {
    const auto numbers = numbers_of(site);
    for (std::size_t i = 0; i < kNumbers; ++i) {
      widths[i] = std::max(widths[i], render::display_width(numbers[i]));
    }
  }
  const auto used = [&] {
    std::size_t sum = 1;
    for (std::size_t i = 0; i < kNumbers; ++i) sum += shown[i] ? widths[i] + kGap : 0;
    return sum;
  };
  for (const std::size_t i : kLeastFirst) {
    if (used() + kLeastName <= width) break;
    shown[i] = false;
  }
  const auto begin = [&](const auto& texts, char mark, bool is_title) {
    StyledLine line;
    line.add(std::string(1, mark));
    for (std::size_t i = 0; i < kNumbers; ++i) {
      if (!shown[i]) continue;
      const std::string_view text(texts[i]);
      line.fill_to(line.width() + widths[i] - render::display_width(text));
      const Tone tone = i == 0 ? Tone::strong : Tone::plain;
      line.add(is_title ? Tone::faint : tone, text).add(std::string(kGap, ' '));
    }
    return line;
  };
  Lines lines{begin(kTitles, ' ', true).add(Tone::faint, "site")};
  const std::size_t first = first_row(all.size(), rows, view.chosen);
  for (std::size_t i = first; i < std::min(all.size(), first + rows); ++i) {
    const bool is_chosen = i == view.chosen;
    StyledLine line = begin(numbers_of(all[i]), is_chosen ? '>' : ' ', false);
    add_frame(line, all[i].stack.empty() ? SiteFrame{} : all[i].stack.front(), width);
    add_callers(line, all[i].stack, width);
    if (is_chosen) line.choose();
    lines.push_back(std::move(line));
  }
  return lines;
}

Lines draw_stack(const Site& site, std::size_t width, std::size_t rows) {
  Lines lines{StyledLine(), StyledLine(Tone::faint, "Stack of the site, from its caller outwards")};
  for (const SiteFrame& frame : site.stack) {
    if (lines.size() >= rows) {
      lines.back() = StyledLine(Tone::faint, "  …");
      break;
    }
    StyledLine line;
    line.add("  ");
    add_frame(line, frame, width);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string about(const Sites& sites) {
  if (sites.mode == "idle") return "idle mode follows no blocks: there are no sites";
  if (sites.all.empty()) return "nothing was allocated since the daemon found it";
  return fmt::format("live heap {} in {}{}", render::human_bytes(sites.live_bytes),
                     render::counted(sites.live_blocks, "block", "blocks"),
                     sites.mode == "sample" ? ", estimates" : "");
}

// Beside heading, remark, titles and keys.
std::size_t rows_with_stack(Size size) {
  const std::size_t beside = (size.height >= 3 ? 2 : 1) + 2;
  return size.height > beside ? size.height - beside : 1;
}

// Half of the room, and what the list does not need.
Lines stack_of(const SitesView& view, Size size) {
  if (size.height < kLeastHeightForStack) return {};
  const std::vector<Site>& all = view.sites->all;
  const std::size_t rows = rows_with_stack(size);
  const std::size_t room = std::max(rows / 2, rows - std::min(rows, all.size()));
  return draw_stack(all[std::min(view.chosen, all.size() - 1)], size.width, room);
}

}  // namespace

std::size_t rows_of_sites(const SitesView& view, Size size) {
  if (!view.sites || view.sites->all.empty()) return 1;
  return rows_with_stack(size) - stack_of(view, size).size();
}

Lines draw_sites(const SitesView& view, Size size) {
  StyledLine title(Tone::strong, "memwatch top");
  title.add(fmt::format("  the largest sites of {} ({})", render::printable(view.name), view.pid));
  Lines lines;
  if (size.height >= 3) lines.push_back(std::move(title));
  if (!view.trouble.empty()) {
    lines.emplace_back(Tone::bad, render::printable(view.trouble));
  } else if (!view.sites) {
    lines.emplace_back(Tone::faint, "Asking the daemon; names are looked up …");
  } else {
    lines.emplace_back(Tone::faint, about(*view.sites));
  }
  if (!view.sites || view.sites->all.empty()) return lines;
  const Lines stack = stack_of(view, size);
  const Lines list = draw_list(view, size.width, rows_with_stack(size) - stack.size());
  lines.insert(lines.end(), list.begin(), list.end());
  lines.insert(lines.end(), stack.begin(), stack.end());
  return lines;
}

}  // namespace memwatch::top
