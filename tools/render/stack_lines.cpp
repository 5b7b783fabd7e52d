#include "tools/render/stack_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/noise_frames.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kLeastName = 16;   // columns a function keeps however long its place is
constexpr std::size_t kWidestName = 64;  // beyond this, places would drift too far to the right
constexpr std::size_t kOuterKept = 2;    // outermost frames that a shortened stack still shows

std::string name_of(const analysis::Frame& frame) {
  return printable(analysis::frame_name(frame));
}

}  // namespace

std::string frame_place(const analysis::Frame& frame) {
  if (!frame.file.empty()) {
    std::string place = printable(short_path(frame.file));
    if (frame.line > 0) place += fmt::format(":{}", frame.line);
    return place;
  }
  // The name of an unknown function already is module+0xoffset.
  if (frame.function.empty() || frame.module.empty()) return "";
  return fmt::format("({})", printable(analysis::base_name(frame.module)));
}

std::vector<std::string> stack_lines(const Page& page, const model::Session& session,
                                     model::StackId stack, const StackLayout& layout) {
  const std::vector<analysis::Frame> frames = analysis::frames_of(session, stack);
  const std::string margin(layout.indent, ' ');
  if (frames.empty()) return {margin + page.paint(Tone::faint, "no stack was recorded")};

  const std::size_t telling = analysis::telling_frame(frames);
  std::size_t first = 0;
  if (layout.without_leading_noise) {
    while (first < telling && analysis::is_noise(frames[first])) ++first;
  }
  const std::size_t count = frames.size() - first;
  std::size_t inner = count, outer = 0;  // lines before and after the gap
  if (layout.lines > 0 && count > layout.lines) {
    outer = layout.lines > 2 * kOuterKept ? kOuterKept : 0;
    inner = layout.lines > outer + 1 ? layout.lines - outer - 1 : 1;
  }
  const auto shown = [&](std::size_t i) { return i < first + inner || i >= frames.size() - outer; };

  const std::size_t room = page.width() > layout.indent ? page.width() - layout.indent : 1;
  std::size_t names = 0, places = 0;
  for (std::size_t i = first; i < frames.size(); ++i) {
    if (!shown(i)) continue;
    names = std::max(names, display_width(shorten_function(name_of(frames[i]), kWidestName)));
    places = std::max(places, display_width(frame_place(frames[i])));
  }
  names = std::min(names, std::max(kLeastName, room > places + 2 ? room - places - 2 : 0));

  std::vector<std::string> lines;
  for (std::size_t i = first; i < frames.size(); ++i) {
    if (!shown(i)) {
      if (i != first + inner) continue;
      const std::size_t hidden = count - inner - outer;
      lines.push_back(margin + page.paint(Tone::faint, fmt::format("… {} more", hidden)));
      continue;
    }
    const analysis::Frame& frame = frames[i];
    const bool noise = analysis::is_noise(frame) || frame.function.empty();
    const std::string name = shorten_function(name_of(frame), names);
    const std::string place =
        shorten_middle(frame_place(frame), room > names + 2 ? room - names - 2 : 0);
    const Tone tone = noise ? Tone::faint : i == telling ? Tone::name : Tone::plain;
    std::string line = margin + page.paint(tone, name);
    if (!place.empty()) {
      line += std::string(names - std::min(names, display_width(name)) + 2, ' ');
      line += page.paint(noise || frame.file.empty() ? Tone::faint : Tone::place, place);
    }
    lines.push_back(std::move(line));
  }
  if (analysis::is_truncated(session, stack) &&
      (layout.lines == 0 || lines.size() < layout.lines)) {
    lines.push_back(margin + page.paint(Tone::faint, "(the stack could not be followed further)"));
  }
  return lines;
}

std::string stack_headline(const model::Session& session, model::StackId stack, std::size_t width) {
  const std::vector<analysis::Frame> frames = analysis::frames_of(session, stack);
  if (frames.empty()) return "an unknown place";
  const analysis::Frame& frame = frames[analysis::telling_frame(frames)];
  std::string place = frame_place(frame);
  if (!place.empty() && place.front() != '(') place = '(' + place + ')';
  if (!place.empty()) place.insert(0, 1, ' ');
  const std::size_t used = display_width(place);
  return shorten_function(name_of(frame), std::max(kLeastName, width > used ? width - used : 0)) +
         place;
}

}  // namespace memwatch::render
