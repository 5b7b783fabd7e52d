#include "tools/render/table.h"

#include <algorithm>

#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kGap = 2;  // blanks between columns
constexpr std::size_t kLeastShrunk = 8;

std::string aligned(const Page& page, const Cell& cell, Align align, std::size_t width) {
  const std::size_t used = display_width(cell.text);
  const std::string padding(width > used ? width - used : 0, ' ');
  const std::string painted = page.paint(cell.tone, cell.text);
  return align == Align::left ? painted + padding : padding + painted;
}

}  // namespace

void Table::add(std::vector<Cell> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::shrink_left_columns(std::vector<std::size_t>& widths, std::size_t whole,
                                std::size_t room) const {
  while (whole > room) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].align != Align::left || widths[i] <= kLeastShrunk) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns_.size()) return;
    --widths[widest];
    --whole;
  }
}

void Table::write(Page& page, std::size_t indent) const {
  std::vector<std::size_t> widths;
  bool titled = false;
  std::size_t whole = indent;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const std::vector<Cell>& row : rows_) width = std::max(width, display_width(row[i].text));
    widths.push_back(width);
    whole += width + (i == 0 ? 0 : kGap);
    titled = titled || !columns_[i].title.empty();
  }
  shrink_left_columns(widths, whole, page.width());
  const auto write_row = [&](const std::vector<Cell>& row) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += std::string(kGap, ' ');
      Cell cell = row[i];
      if (columns_[i].align == Align::left) cell.text = shorten_middle(cell.text, widths[i]);
      line += aligned(page, cell, columns_[i].align, widths[i]);
    }
    page.line(std::move(line));
  };
  if (titled) {
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.push_back(Cell{column.title, Tone::faint});
    write_row(titles);
  }
  for (const std::vector<Cell>& row : rows_) write_row(row);
}

}  // namespace memwatch::render
