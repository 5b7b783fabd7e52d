#include "tools/top/draw.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/render/human.h"
#include "tools/render/printable.h"

namespace memwatch::top {

namespace {

using render::Tone;

struct Sums {
  std::uint64_t rss = 0, live = 0;
  bool has_estimates = false, has_joined = false;
};

Sums sums_of(const ProcessTable& table) {
  Sums sums;
  for (const Row& row : table.rows()) {
    const daemon::ProcessStatus& process = row.process;
    sums.rss += process.rss;
    sums.live += process.live_bytes;
    if (process.source != daemon::Source::recorded) continue;
    sums.has_estimates = sums.has_estimates || process.mode == model::Mode::sample;
    sums.has_joined = sums.has_joined || (process.was_joined && process.mode != model::Mode::idle);
  }
  return sums;
}

// The daemon, as much of it as there is room for.
StyledLine heading(const ProcessTable& table, const Sums& sums, std::size_t width) {
  const daemon::Status& status = table.status();
  StyledLine line(Tone::strong, "memwatch top");
  line.add(fmt::format("  {}: live heap {}, RSS {}",
                       render::counted(table.rows().size(), "process", "processes"),
                       render::human_bytes(sums.live), render::human_bytes(sums.rss)));
  for (const std::string& about : {fmt::format("  daemon {}", render::printable(status.version)),
                                   fmt::format(", pid {}", status.pid),
                                   fmt::format(", up {}", render::human_duration(status.uptime))}) {
    if (line.width() + render::display_width(about) > width) break;
    line.add(Tone::faint, about);
  }
  return line;
}

// How far to believe the figures.
StyledLine remark(const Screen& screen, const Sums& sums) {
  if (!screen.trouble.empty()) return {Tone::bad, render::printable(screen.trouble)};
  const std::size_t missing = screen.table.status().not_recorded;
  if (missing > 0) {
    return {Tone::caution, fmt::format("Not recorded, though carrying the library: {}",
                                       render::counted(missing, "process", "processes"))};
  }
  if (sums.has_joined) {
    return {Tone::faint, "Live heap is what was allocated since the daemon found the process"};
  }
  if (sums.has_estimates) return {Tone::faint, "Figures of sampled processes are estimates"};
  return {};
}

Lines no_processes() {
  return {StyledLine(Tone::plain, "No watched process runs. Start one with"),
          StyledLine(Tone::command, "  LD_PRELOAD=/path/to/libmemwatch_preload.so CMD"),
          StyledLine(Tone::plain, "or watch another program: memwatch watch add NAME")};
}

StyledLine keys(std::string_view text) {
  return {Tone::faint, text};
}

// Lines as many as the terminal is high, the last of them the keys' where there is room.
Lines framed(Lines lines, Size size, std::string_view key_line) {
  constexpr std::size_t kLeastHeight = 6;
  const std::size_t room = size.height - (size.height >= kLeastHeight ? 1 : 0);
  lines.resize(room);
  if (room < size.height) lines.push_back(keys(key_line));
  return lines;
}

// Beside the list: heading and remark, titles, keys.
std::size_t rows_of_processes(Size size) {
  const std::size_t beside =
      (size.height >= 3 ? 1 : 0) + (size.height >= 8 ? 1 : 0) + 1 + (size.height >= 6 ? 1 : 0);
  return size.height > beside ? size.height - beside : 1;
}

}  // namespace

std::size_t rows_in_sight(const Screen& screen, Size size) {
  switch (screen.view) {
    case View::processes:
      return rows_of_processes(size);
    case View::sites:
      return rows_of_sites(screen.sites, size);
    case View::leaks:
      return lines_of_leaks(size);
  }
  return 1;
}

Lines draw_processes(const Screen& screen, Size size) {
  const Sums sums = sums_of(screen.table);
  Lines lines;
  if (size.height >= 3) lines.push_back(heading(screen.table, sums, size.width));
  const StyledLine said = remark(screen, sums);
  if (size.height >= 8) {
    lines.push_back(said);
  } else if (!screen.trouble.empty()) {
    if (lines.empty()) return {said};  // one line or two: that matters most
    lines.front() = said;
  }
  if (screen.table.rows().empty()) {
    for (StyledLine& line : no_processes()) lines.push_back(std::move(line));
    return lines;
  }
  Lines table = draw_table(screen.table, size.width, rows_of_processes(size), true);
  if (size.height < 2) table.erase(table.begin());  // the titles
  for (StyledLine& line : table) lines.push_back(std::move(line));
  return lines;
}

Lines draw_help() {
  Lines lines{StyledLine(Tone::strong, "memwatch top: keys"), StyledLine()};
  constexpr std::pair<const char*, const char*> kKeys[] = {
      {"up, down, k, j", "choose a process; page up, page down, home, end"},
      {"Enter", "its largest sites, and the stack of the one chosen there"},
      {"l", "check it for leaks: memwatch leaks PID; it stands still for a moment"},
      {"h  r  a", "sort by live heap, resident memory (RSS), rate of allocations"},
      {"p  n", "sort by pid, name; the same key again: the other way round"},
      {"Esc", "back"},
      {"q", "quit"},
  };
  for (const auto& [key, meaning] : kKeys) {
    lines.push_back(StyledLine(Tone::strong, "  ").add(Tone::strong, key).fill_to(18).add(meaning));
  }
  lines.emplace_back();
  constexpr const char* kColumns[] = {
      "live heap   allocated and not freed; sampled: an estimate, in idle mode not known",
      "RSS         resident memory, of which the heap is a part",
      "alloc/s     allocations per second between the last two looks",
      "large       allocations above the daemon's threshold; failed: that returned nothing",
      "lost        events that the daemon has not seen"};
  for (const char* column : kColumns) lines.emplace_back(Tone::plain, std::string("  ") + column);
  return lines;
}

std::vector<std::string> draw(const Screen& screen, Size size, bool color) {
  Lines lines;
  std::string_view key_line;
  if (screen.has_help) {
    lines = draw_help();
    key_line = "Esc back  q quit";
  } else if (screen.view == View::sites) {
    lines = draw_sites(screen.sites, size);
    key_line = "up, down choose  l leaks  Esc back  ? help  q quit";
  } else if (screen.view == View::leaks) {
    lines = draw_leaks(screen.leaks, size);
    key_line = "up, down scroll  l again  Esc back  ? help  q quit";
  } else {
    lines = draw_processes(screen, size);
    key_line = "Enter sites  l leaks  h r a p n sort  ? help  q quit";
  }
  std::vector<std::string> painted;
  for (const StyledLine& line : framed(std::move(lines), size, key_line)) {
    painted.push_back(line.paint(size.width, color));
  }
  return painted;
}

std::string draw_once(const Screen& screen, std::size_t width, bool color) {
  const Sums sums = sums_of(screen.table);
  Lines lines{heading(screen.table, sums, width), remark(screen, sums)};
  if (lines.back().width() == 0) lines.pop_back();
  for (StyledLine& line :
       screen.table.rows().empty() ? no_processes() : draw_table(screen.table, width, 0, false)) {
    lines.push_back(std::move(line));
  }
  std::string text;
  for (const StyledLine& line : lines) {
    std::string painted = line.paint(width, color);
    painted.erase(painted.find_last_not_of(' ') + 1);
    text += painted + "\n";
  }
  return text;
}

}  // namespace memwatch::top
