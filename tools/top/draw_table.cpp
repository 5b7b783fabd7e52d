#include <algorithm>
#include <array>

#include "collector/analysis/stack_text.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/status_words.h"
#include "tools/top/draw.h"

namespace memwatch::top {

namespace {

using render::Tone;

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

enum Which : std::size_t {
  kPid,
  kRecorded,
  kHeap,
  kRss,
  kRate,
  kAllocations,
  kLarge,
  kFailed,
  kLost,
  kProgram,
  kColumns
};
using Cells = std::array<Cell, kColumns>;

constexpr std::array<const char*, kColumns> kTitles = {
    "pid",         "recorded", "live heap", "RSS",  "alloc/s",
    "allocations", "large",    "failed",    "lost", "program"};
// What goes first where there is little room.
constexpr std::array kLeastFirst = {kLost,     kLarge, kFailed, kAllocations,
                                    kRecorded, kRate,  kRss,    kPid};
constexpr std::size_t kGap = 2, kLeastProgram = 12;
// So that columns do not move with every change.
constexpr std::size_t kLeastBytes = 8;

Cells cells_of(const Row& row) {
  const daemon::ProcessStatus& process = row.process;
  const bool recorded = process.source == daemon::Source::recorded;
  const Cell none{"-", Tone::faint};
  const auto count = [&](std::uint64_t value, Tone tone) {
    return recorded ? Cell{render::human_count(value), value > 0 ? tone : Tone::faint} : none;
  };
  Cells cells;
  cells[kPid] = {std::to_string(process.pid)};
  cells[kRecorded] = {render::how_recorded(process), recorded ? Tone::plain : Tone::faint};
  cells[kHeap] = render::knows_heap(process)
                     ? Cell{render::human_bytes(process.live_bytes), Tone::strong}
                     : none;
  cells[kRss] = {render::human_bytes(process.rss)};
  if (row.rate) {
    cells[kRate] = {render::human_rate(*row.rate), *row.rate > 0 ? Tone::plain : Tone::faint};
  } else {
    cells[kRate] = none;
  }
  cells[kAllocations] = count(process.totals.allocations, Tone::plain);
  cells[kLarge] = count(process.totals.large, Tone::caution);
  cells[kFailed] = count(process.totals.failed, Tone::bad);
  cells[kLost] = count(process.dropped, Tone::bad);
  cells[kProgram] = {render::program_line(process)};
  return cells;
}

// The command line, where there is room for it; else the program comes first: "redis-server *:6379"
// rather than "/usr/bin…:6379".
std::string program_in(std::size_t width, const daemon::ProcessStatus& process) {
  const std::string whole = render::program_line(process);
  if (render::display_width(whole) <= width || process.command.empty()) {
    return render::shorten_end(whole, width);
  }
  const std::string& first = process.command.front();
  const bool is_title = process.command.size() == 1 && first.find(' ') != std::string::npos;
  if (is_title) return render::shorten_end(whole, width);
  const std::string name = render::printable(analysis::base_name(first));
  const std::size_t used = render::display_width(name) + 1;
  constexpr std::size_t kLeastArguments = 3;
  if (process.command.size() == 1 || used + kLeastArguments > width) {
    return render::shorten_end(name, width);
  }
  const std::vector<std::string> arguments(process.command.begin() + 1, process.command.end());
  const std::string rest = render::printable(render::command_title(arguments));
  return name + " " + render::shorten_middle(rest, width - used);
}

Which column_of(SortKey key) {
  switch (key) {
    case SortKey::heap:
      return kHeap;
    case SortKey::rss:
      return kRss;
    case SortKey::rate:
      return kRate;
    case SortKey::pid:
      return kPid;
    case SortKey::name:
      return kProgram;
  }
  return kHeap;
}

Cells titles_of(const ProcessTable& table) {
  Cells titles;
  for (std::size_t i = 0; i < kColumns; ++i) titles[i] = {kTitles[i], Tone::faint};
  const bool natural_is_down =
      table.sorted_by() != SortKey::pid && table.sorted_by() != SortKey::name;
  Cell& sorted = titles[column_of(table.sorted_by())];
  sorted.text += natural_is_down != table.is_reversed() ? "▼" : "▲";
  sorted.tone = Tone::strong;
  return titles;
}

class Layout {
 public:
  Layout(const std::vector<Cells>& rows, const Cells& titles, std::size_t width) {
    shown_.fill(true);
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths_[i] = render::display_width(titles[i].text);
      for (const Cells& row : rows) {
        widths_[i] = std::max(widths_[i], render::display_width(row[i].text));
      }
    }
    for (const Which which : {kHeap, kRss, kRate}) {
      widths_[which] = std::max(widths_[which], kLeastBytes);
    }
    const std::size_t wished = std::min(widths_[kProgram], kLeastProgram);
    for (const Which which : kLeastFirst) {
      if (others() + wished <= width) break;
      shown_[which] = false;
    }
    widths_[kProgram] = width > others() ? width - others() : 0;
  }

  [[nodiscard]] std::size_t of_program() const { return widths_[kProgram]; }

  [[nodiscard]] StyledLine line(const Cells& cells, char mark) const {
    StyledLine line;
    line.add(std::string(1, mark));
    bool is_first = true;
    for (std::size_t i = 0; i < kColumns; ++i) {
      if (!shown_[i]) continue;
      if (!is_first) line.add(std::string(kGap, ' '));
      is_first = false;
      const bool is_left = i == kRecorded || i == kProgram;
      const std::string text =
          i == kProgram ? render::shorten_end(cells[i].text, widths_[i]) : cells[i].text;
      const std::size_t begin = line.width();
      if (!is_left) line.fill_to(begin + widths_[i] - render::display_width(text));
      line.add(cells[i].tone, text);
      if (i != kProgram) line.fill_to(begin + widths_[i]);
    }
    return line;
  }

 private:
  // The mark and all columns but the program's, with the gap before that.
  [[nodiscard]] std::size_t others() const {
    std::size_t sum = 1;
    for (std::size_t i = 0; i < kProgram; ++i) sum += shown_[i] ? widths_[i] + kGap : 0;
    return sum;
  }

  std::array<std::size_t, kColumns> widths_{};
  std::array<bool, kColumns> shown_{};
};

}  // namespace

std::size_t first_row(std::size_t all, std::size_t room, std::size_t chosen) {
  if (all <= room) return 0;
  const std::size_t middle = chosen > room / 2 ? chosen - room / 2 : 0;
  return std::min(middle, all - room);
}

Lines draw_table(const ProcessTable& table, std::size_t width, std::size_t rows, bool has_choice) {
  std::vector<Cells> all;
  for (const Row& row : table.rows()) all.push_back(cells_of(row));
  const Cells titles = titles_of(table);
  const Layout layout(all, titles, width);
  Lines lines{layout.line(titles, ' ')};
  const std::size_t room = has_choice ? rows : all.size();
  const std::size_t first = first_row(all.size(), room, table.chosen());
  for (std::size_t i = first; i < std::min(all.size(), first + room); ++i) {
    all[i][kProgram].text = program_in(layout.of_program(), table.rows()[i].process);
    const bool is_chosen = has_choice && i == table.chosen();
    lines.push_back(layout.line(all[i], is_chosen ? '>' : ' '));
    if (is_chosen) lines.back().choose();
  }
  return lines;
}

}  // namespace memwatch::top
