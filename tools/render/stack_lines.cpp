#include "tools/render/stack_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/program_start.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kLeastName = 16;   // columns a function keeps however long its place is
constexpr std::size_t kWidestName = 64;  // beyond this, places would drift too far to the right

enum class Kind : std::uint8_t { own, telling, plumbing, unnamed };

// One line to be: a frame, or several folded into one.
struct Row {
  Kind kind = Kind::own;
  std::string name, place;
  std::size_t frames = 1;  // that it stands for
};

std::string name_of(const analysis::Frame& frame) {
  return printable(analysis::frame_name(frame));
}

Kind kind_of(const std::vector<analysis::Frame>& frames, std::size_t i, std::size_t telling) {
  if (i == telling && !frames[i].function.empty()) return Kind::telling;
  if (analysis::is_noise(frames[i])) return Kind::plumbing;
  return frames[i].function.empty() ? Kind::unnamed : Kind::own;
}

// Index behind the run of frames that fold into one row with frame i.
std::size_t end_of_run(const std::vector<analysis::Frame>& frames, std::size_t i,
                       std::size_t telling) {
  const Kind kind = kind_of(frames, i, telling);
  std::size_t end = i + 1;
  if (kind != Kind::plumbing && kind != Kind::unnamed) return end;
  while (end < frames.size() && kind_of(frames, end, telling) == kind &&
         (kind == Kind::plumbing || frames[end].module == frames[i].module)) {
    ++end;
  }
  return end;
}

Row folded(const std::vector<analysis::Frame>& frames, std::size_t begin, std::size_t end,
           Kind kind) {
  const std::size_t count = end - begin;
  // Of plumbing the outermost frame tells most, being what the reader's code called; where it has
  // no name, the nearest that has.
  std::size_t chosen = begin;
  if (kind == Kind::plumbing) {
    chosen = end - 1;
    while (chosen > begin && frames[chosen].function.empty()) --chosen;
    if (frames[chosen].function.empty()) chosen = end - 1;
  }
  Row row{kind, name_of(frames[chosen]), frame_place(frames[chosen]), count};
  if (count > 1) {
    row.place = kind == Kind::plumbing ? fmt::format("(+{} inside)", count - 1)
                                       : fmt::format("(+{} without names)", count - 1);
  }
  return row;
}

std::vector<Row> rows_of(const std::vector<analysis::Frame>& frames, bool fold) {
  const std::size_t telling = analysis::telling_frame(frames);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < frames.size();) {
    const std::size_t end = fold ? end_of_run(frames, i, telling) : i + 1;
    rows.push_back(folded(frames, i, end, kind_of(frames, i, telling)));
    i = end;
  }
  return rows;
}

// Which rows are shown: the innermost, as many as there is room for, the telling one, the last.
std::vector<bool> choose(const std::vector<Row>& rows, std::size_t lines) {
  std::vector<bool> shown(rows.size(), lines == 0 || rows.size() <= lines);
  if (shown.empty() || shown.front()) return shown;
  for (std::size_t inner = std::min(lines, rows.size()); inner > 0; --inner) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool last = lines >= 3 && i + 1 == rows.size();
      shown[i] = i < inner || last || (lines >= 5 && rows[i].kind == Kind::telling);
      if (shown[i] || shown[i - 1]) ++used;  // a row, or the line that says that rows are hidden
    }
    if (used <= lines) break;
  }
  return shown;
}

Tone tone_of(Kind kind) {
  switch (kind) {
    case Kind::telling:
      return Tone::name;
    case Kind::own:
      return Tone::plain;
    case Kind::plumbing:
    case Kind::unnamed:
      return Tone::faint;
  }
  return Tone::plain;
}

// The loader's entry point is where a process begins; nothing called it.
bool begins_in_loader(const std::vector<analysis::Frame>& frames) {
  const std::string_view name = analysis::base_name(frames.back().module);
  return name.starts_with("ld-linux") || name.starts_with("ld-musl");
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
  std::vector<analysis::Frame> frames = analysis::frames_of(session, stack);
  const std::string margin(layout.indent, ' ');
  if (frames.empty()) return {margin + page.paint(Tone::faint, "no stack was recorded")};
  const bool cut_off = analysis::is_truncated(session, stack) && !begins_in_loader(frames);
  const bool whole = layout.lines == 0;
  if (!whole) frames = analysis::without_program_start(std::move(frames));

  const std::vector<Row> rows = rows_of(frames, !whole);
  const std::vector<bool> shown = choose(rows, layout.lines);
  const std::size_t room = page.width() > layout.indent ? page.width() - layout.indent : 1;
  std::size_t names = 0, places = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!shown[i]) continue;
    names = std::max(names, display_width(shorten_function(rows[i].name, kWidestName)));
    places = std::max(places, display_width(rows[i].place));
  }
  names = std::min(names, std::max(kLeastName, room > places + 2 ? room - places - 2 : 0));

  std::vector<std::string> lines;
  std::size_t hidden = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!shown[i]) {
      hidden += rows[i].frames;
      if (i + 1 < rows.size() && !shown[i + 1]) continue;
      lines.push_back(margin + page.paint(Tone::faint, fmt::format("… {} more", hidden)));
      hidden = 0;
      continue;
    }
    const Row& row = rows[i];
    const std::string name = shorten_function(row.name, names);
    const std::string place = shorten_middle(row.place, room > names + 2 ? room - names - 2 : 0);
    std::string line = margin + page.paint(tone_of(row.kind), name);
    if (!place.empty()) {
      line += std::string(names - std::min(names, display_width(name)) + 2, ' ');
      const bool own_place =
          place.front() != '(' && (row.kind == Kind::own || row.kind == Kind::telling);
      line += page.paint(own_place ? Tone::place : Tone::faint, place);
    }
    lines.push_back(std::move(line));
  }
  if (cut_off && (whole || lines.size() < layout.lines)) {
    lines.push_back(margin + page.paint(Tone::faint, "(the stack could not be followed further)"));
  }
  return lines;
}

std::string stack_headline(const model::Session& session, model::StackId stack, std::size_t width) {
  return frames_headline(analysis::without_program_start(analysis::frames_of(session, stack)),
                         width);
}

std::string frames_headline(const std::vector<analysis::Frame>& frames, std::size_t width) {
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
